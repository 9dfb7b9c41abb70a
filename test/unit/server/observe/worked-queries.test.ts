import { expect } from 'chai';
import type { ProcessRow } from '../../../../core/protocol/monitor.ts';
import { withWorkedQueries } from '../../../../server/observe/worked-queries.ts';

const row = (pid: number): ProcessRow => ({ pid }) as ProcessRow;

describe('the process table with queries', () => {
  it('says of each process which queries it works on, and the kinds of their connections', () => {
    const running = [
      { queryId: 'a', connection: 'lake', pids: [7] },
      { queryId: 'b', connection: 'shop', pids: [5, 7] },
      { queryId: 'c', connection: 'gone', pids: [] },
      { queryId: 'd', connection: 'gone', pids: [5] },
    ];
    const kinds: Readonly<Record<string, string>> = { lake: 'files', shop: 'mariadb' };
    const shown = withWorkedQueries([row(5), row(6), row(7)], running, { dialectOf: (name) => kinds[name] });
    const [lake, shop] = [
      { queryId: 'a', connection: 'lake', kind: 'files' },
      { queryId: 'b', connection: 'shop', kind: 'mariadb' },
    ];
    expect(shown.map(({ pid, queries }) => [pid, queries])).to.deep.equal([
      [5, [shop, { queryId: 'd', connection: 'gone', kind: null }]],
      [6, []],
      [7, [lake, shop]],
    ]);
  });
});
