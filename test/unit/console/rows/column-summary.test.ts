import { expect } from 'chai';
import { summarize } from '../../../../console/rows/column-summary.ts';
import { RowStore } from '../../../../console/rows/row-store.ts';

function storeOf(rows: readonly (readonly unknown[])[]): RowStore {
  const store = new RowStore();
  store.append(new TextEncoder().encode(`${JSON.stringify({ columns: [], rows })}`));
  return store;
}

describe('summarize', () => {
  it('counts nulls, distinct values and the most frequent ones', async () => {
    const rows = storeOf([['a'], ['b'], ['a'], [null], ['']]);
    const summary = await summarize(rows, 0, false, new AbortController().signal);
    expect(summary).to.deep.include({ rows: 5, nulls: 1, distinct: 3, distinctIsCut: false, numbers: null });
    expect(summary.top[0]).to.deep.equal({ text: 'a', count: 2 });
  });

  it('tells the spread of numbers, also when all are alike, and of none', async () => {
    const spread = async (values: readonly unknown[]) =>
      (await summarize(storeOf(values.map((value) => [value])), 0, true, new AbortController().signal))
        .numbers;
    const numbers = await spread(['1', '2', '3', null]);
    expect(numbers).to.deep.include({ min: 1, max: 3, mean: 2 });
    expect(numbers!.bins.reduce((sum, count) => sum + count)).to.equal(3);
    expect((await spread(['5', '5']))!.bins[0]).to.equal(2);
    expect(await spread([null, 'NaN'])).to.equal(null);
  });

  it('ends when it is given up', async () => {
    const stop = new AbortController();
    stop.abort();
    const failure = await summarize(storeOf([['a']]), 0, false, stop.signal).catch(
      (thrown: unknown) => thrown,
    );
    expect(failure).to.include({ name: 'AbortError' });
  });
});
