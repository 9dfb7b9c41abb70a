import { expect } from 'chai';
import { keysOf } from '../../../cli/screen.ts';
import type { QueryRow } from '../../../cli/status.ts';
import { pressKey, renderTop, startState, type TopData, type TopState } from '../../../cli/top-view.ts';
import type { ProcessRow } from '../../../core/protocol/monitor.ts';

function processRow(workerId: string, changes: Partial<ProcessRow>): ProcessRow {
  return {
    ...{
      role: 'sql',
      workerId,
      slot: 0,
      pid: 1,
      ppid: 1,
      sandboxed: false,
      state: 'ready',
      kernelState: 'S',
      ageMs: 1000,
    },
    ...{ cpuPercent: 0, cpuSeconds: 1, rssBytes: 0, pssBytes: null, openFiles: 1, openFilesLimit: 9 },
    ...{ wchan: null, eventLoopLagMs: null, queriesServed: 0, queryId: null },
    ...changes,
  };
}

function queryRow(queryId: string, elapsedMs: number): QueryRow {
  return { queryId, state: 'running', phase: 'sql', query: 'select 1', elapsedMs, rows: null, error: null };
}

const data: TopData = {
  processes: [
    processRow('sql-2', { cpuPercent: 5, rssBytes: 10, ageMs: 3000 }),
    processRow('sql-10', { cpuPercent: 90, rssBytes: 20, ageMs: 1000 }),
    processRow('dsl-1', { cpuPercent: 1, rssBytes: 30, ageMs: 2000 }),
  ],
  queries: [queryRow('young', 100), queryRow('old', 9000)],
};

/** The states and actions that keys lead to, from the start. */
function press(...keys: string[]) {
  let state: TopState = startState;
  const actions: object[] = [];
  for (const key of keys) {
    const pressed = pressKey(state, key, data);
    state = pressed.state;
    if (pressed.action.type !== 'none') actions.push(pressed.action);
  }
  return { state, actions };
}

const order = (state: TopState): string[] =>
  renderTop(data, state, 200, 40).flatMap((line) => /^(sql|dsl)-\d+/.exec(line)?.[0] ?? []);

describe('forkline top', () => {
  it('names the connections that a process reads for queries, and their kinds', () => {
    const queries = [
      { queryId: 'a', connection: 'lake', kind: 'files' },
      { queryId: 'b', connection: 'shop', kind: 'mariadb' },
      { queryId: 'c', connection: 'lake', kind: 'files' },
      { queryId: 'd', connection: 'gone', kind: null },
    ];
    const processes = [{ ...processRow('sql-1', {}), queries }, processRow('sql-2', {})];
    const lines = renderTop({ ...data, processes }, startState, 300, 40);
    expect(lines.find((line) => line.startsWith('sql-1 '))).to.match(
      / lake \(files\), shop \(mariadb\), gone *$/,
    );
    expect(lines.find((line) => line.startsWith('sql-2 '))).to.not.include('(');
  });

  it('sorts by CPU, and by what the keys say', () => {
    expect(order(startState)).to.deep.equal(['sql-10', 'sql-2', 'dsl-1']);
    expect(order(press('m').state)).to.deep.equal(['dsl-1', 'sql-10', 'sql-2']);
    expect(order(press('a').state)).to.deep.equal(['sql-2', 'dsl-1', 'sql-10']);
    expect(order(press('p').state)).to.deep.equal(['dsl-1', 'sql-2', 'sql-10']);
  });

  it('shows the query that runs longest first, and marks the chosen one', () => {
    const marked = (state: TopState) =>
      renderTop(data, state, 200, 40)
        .find((line) => line.startsWith('> '))
        ?.split(/ +/)[1];
    expect(marked(startState)).to.equal('old');
    expect(marked(press('j').state)).to.equal('young');
    expect(marked(press('j', 'j', 'j').state)).to.equal('young');
    expect(marked(press('\u001b[B', '\u001b[A').state)).to.equal('old');
  });

  it('kills the chosen query only after a y', () => {
    expect(press('j', 'x', 'y').actions).to.deep.equal([{ type: 'kill', queryId: 'young' }]);
    expect(press('j', 'x', 'n').actions).to.deep.equal([]);
    expect(press('x', 'm', 'y').actions, 'any other key is a no').to.deep.equal([]);
    expect(press('x').state.message).to.equal('kill query old? y / n');
    const none = pressKey(startState, 'x', { ...data, queries: [] });
    expect(none.state.message).to.equal('no query runs');
  });

  it('kills the query that was asked about, also when it is no longer the first', () => {
    const { state } = press('x');
    const meanwhile = { ...data, queries: [queryRow('older', 20_000), ...data.queries] };
    expect(pressKey(state, 'y', meanwhile).action).to.deep.equal({ type: 'kill', queryId: 'old' });
  });

  it('quits by q and Ctrl-C, from a question too', () => {
    for (const keys of [['q'], ['\u0003'], ['x', 'q']])
      expect(press(...keys).actions).to.deep.equal([{ type: 'quit' }]);
  });

  it('fits the terminal: no line is wider, none is below the end, and what is left out is said', () => {
    const many = Array.from({ length: 50 }, (_, i) => processRow(`sql-${i}`, {}));
    const lines = renderTop({ ...data, processes: many }, startState, 40, 20);
    expect(lines).to.have.length.at.most(20);
    expect(Math.max(...lines.map((line) => line.length))).to.be.at.most(40);
    expect(lines.join('\n')).to.match(/\.\.\. \d+ more/);
    expect(lines.at(-1)).to.match(/^sort: /);
  });

  it('prints everything without a terminal, and no marks', () => {
    const lines = renderTop(data, startState, Infinity, Infinity);
    expect(lines.join('\n')).to.include('sql-10').and.include('young').and.not.include('> ');
    expect(lines.join('\n')).to.not.include('q quit');
  });

  it('reads keys that come in one piece', () => {
    expect(keysOf('jx\u001b[A\u001b[5~y')).to.deep.equal(['j', 'x', '\u001b[A', '\u001b[5~', 'y']);
  });
});
