import { expect } from 'chai';
import { displayWidth, renderTable } from '../../../cli/kit/table.ts';

const left = (name: string) => ({ name, alignRight: false });
const right = (name: string) => ({ name, alignRight: true });

describe('a table on the terminal', () => {
  it('aligns text to the left and numbers to the right', () => {
    const table = renderTable(
      [left('origin'), right('n')],
      [
        ['ATL', '7'],
        ['X', '12345'],
      ],
    );
    expect(table).to.equal('origin      n\n------  -----\nATL         7\nX       12345');
  });

  it('shows null, and keeps an empty text apart from it', () => {
    expect(
      renderTable(
        [left('a'), left('b')],
        [
          [null, 'x'],
          ['', 'y'],
        ],
      ),
    ).to.equal('a     b\n----  -\nnull  x\n      y');
  });

  it('shows control characters instead of sending them to the terminal', () => {
    expect(renderTable([left('a')], [['x\n\u001b[31my\u0000']])).to.equal(
      'a\n------------------------\nx\\n\\u001b[31my\\u0000'.replace(/-+/, '-'.repeat(20)),
    );
  });

  it('shows lists and objects as JSON', () => {
    expect(renderTable([left('a')], [[[1, null]], [{ k: 'v' }]]))
      .to.contain('[1,null]')
      .and.contain('{"k":"v"}');
  });

  it('counts what the terminal shows', () => {
    expect(displayWidth('abc')).to.equal(3);
    expect(displayWidth('日本')).to.equal(4);
    expect(displayWidth('😀')).to.equal(2);
    expect(displayWidth('e\u0301')).to.equal(1);
    expect(displayWidth('ｱｲ')).to.equal(2); // halfwidth katakana
    expect(displayWidth('⚠\ufe0f❤\ufe0f')).to.equal(4);
  });

  it('has a header when there is no row', () => {
    expect(renderTable([left('a')], [])).to.equal('a\n-');
  });
});
