import { expect } from 'chai';
import fc from 'fast-check';
import { RowStore } from '../../../../console/rows/row-store.ts';

const STATS = { elapsedMs: 1, phases: { sql: 1 } };

function answerOf(columns: readonly string[], rows: readonly (readonly unknown[])[]): Uint8Array {
  const shown = columns.map((name) => ({ name, type: 'string' }));
  const answer = { columns: shown, rows, rowCount: rows.length, complete: true, stats: STATS };
  return new TextEncoder().encode(`${JSON.stringify(answer)}\n`);
}

/** Returns a store that got an answer in pieces that end at `cuts`. */
function storeOf(bytes: Uint8Array, cuts: readonly number[]): RowStore {
  const store = new RowStore();
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    // A network's buffer may be used again, so the store must not keep a view of what it copies; slice is such a buffer.
    store.append(bytes.slice(from, cut));
    from = cut;
  }
  return store;
}

function rowsOf(store: RowStore): readonly unknown[] {
  return Array.from({ length: store.rowCount }, (_, row) => store.row(row));
}

const ROWS = [
  ['plain', null, ''],
  ['quote " and \\ and \\" end', '[]{},', '"rows":['],
  ['한글 🙂', { list: [1, [2, { deep: ']' }]], text: '}' }, [[], {}, [[1]]]],
  ['\u0000\n\t\\', '\\\\', '\\'],
];

describe('RowStore', () => {
  it('reads an answer that is cut at any byte', () => {
    const bytes = answerOf(['a', 'b"rows":[', 'c'], ROWS);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const store = storeOf(bytes, [cut]);
      expect(rowsOf(store), `cut at ${cut}`).to.deep.equal(ROWS);
      expect(store.rest, `cut at ${cut}`).to.deep.include({ rowCount: 4, complete: true, stats: STATS });
    }
  });

  it('reads an answer that arrives byte by byte', () => {
    const bytes = answerOf(['a'], ROWS);
    const store = storeOf(
      bytes,
      Array.from(bytes, (_, at) => at),
    );
    expect(rowsOf(store)).to.deep.equal(ROWS);
    expect(store.byteCount).to.equal(bytes.length);
  });

  it('reads whatever JSON holds, in any pieces', () => {
    const row = fc.array(fc.jsonValue(), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 8 }), fc.array(fc.nat(400)), (rows, cuts) => {
        const bytes = answerOf(['x'], rows);
        const places = cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b);
        expect(rowsOf(storeOf(bytes, places))).to.deep.equal(JSON.parse(JSON.stringify(rows)));
      }),
    );
  });

  it('has the columns before there are rows, and none of an answer without rows', () => {
    const bytes = answerOf(['a', 'b'], []);
    const store = storeOf(bytes, []);
    expect(store.columns.map(({ name }) => name)).to.deep.equal(['a', 'b']);
    expect(store.rowCount).to.equal(0);
    expect(store.rest).to.include({ rowCount: 0 });
    expect(() => store.row(0)).to.throw(RangeError);
  });

  it('is not whole before the end, and knows the rows so far', () => {
    const bytes = answerOf(['a'], [['first'], ['second']]);
    const store = new RowStore();
    store.append(bytes.slice(0, bytes.length - 20));
    expect(store.rest).to.equal(null);
    expect(store.rowCount).to.equal(2);
  });

  it('reads a row that is far longer than a piece, in time that grows with its length', () => {
    const long = 'x'.repeat(8_000_000);
    const bytes = answerOf(['a'], [['before'], [long], ['after']]);
    const cuts = Array.from({ length: Math.floor(bytes.length / 1000) }, (_, at) => at * 1000);
    const store = storeOf(bytes, cuts);
    expect(rowsOf(store)).to.deep.equal([['before'], [long], ['after']]);
  }).timeout(20_000);
});
