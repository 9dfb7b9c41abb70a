import { expect } from 'chai';
import { changeIn } from '../../../../server/cache/change-hearer.ts';

describe('what a notification of a database says', () => {
  it('is a table as the trigger names it, or as somebody writes it', () => {
    expect(changeIn('{"schema":"a.b","table":"T"}', 'main')).to.deep.equal({
      connection: 'main',
      tables: [{ schema: 'a.b', name: 'T' }],
    });
    expect(changeIn('{"table":"t"}', 'main')).to.deep.equal({
      connection: 'main',
      tables: [{ schema: null, name: 't' }],
    });
    expect(changeIn(' public.orders ', 'main')).to.deep.equal({
      connection: 'main',
      tables: ['public.orders'],
    });
  });

  it('is everything of the connection where it names nothing, or cannot be understood', () => {
    for (const text of ['', ' ', '{', '{}', '{"table":1}', '{"table":"t","schema":2}'])
      expect(changeIn(text, 'main'), text).to.deep.equal({ connection: 'main' });
  });
});
