import { expect } from 'chai';
import { buildCopy, buildSettings } from '../../../../connectors/postgres/copy-text.ts';
import { offsetOf, positionOf } from '../../../../language/dialects/postgres/tokens.ts';

const copyOf = (sql: string, types: string[] = [], nulls: boolean[] = []) => buildCopy(sql, types, nulls);

describe('copy text', () => {
  it('replaces parameters outside strings and comments only', () => {
    const { text } = copyOf("select $1, '$1', $2 -- $1", ['int4', 'text'], [false, true]);
    expect(text).to.equal(
      "copy (select (pg_catalog.current_setting('forkline.p1')::int4), '$1', (null::text) -- $1\n) to stdout (format binary)",
    );
  });

  it('drops the semicolon at the end and what follows it', () => {
    expect(copyOf("select ';'; -- end").text).to.equal("copy (select ';'\n) to stdout (format binary)");
  });

  it('maps positions back, in code points', () => {
    const sql = "select '😀', $1 + nope";
    const { text, mapPosition } = copyOf(sql, ['int4']);
    const mapped = (word: string): number => mapPosition(positionOf(text, text.indexOf(word)));
    expect(mapped('nope')).to.equal(positionOf(sql, sql.indexOf('nope')));
    expect(mapped('int4')).to.equal(positionOf(sql, sql.indexOf('$1')));
    expect(offsetOf(sql, positionOf(sql, 15))).to.equal(15);
  });

  it('sets each parameter with a bound value', () => {
    expect(buildSettings(2)).to.equal(
      "select pg_catalog.set_config('forkline.p1', $1, true), pg_catalog.set_config('forkline.p2', $2, true)",
    );
  });
});
