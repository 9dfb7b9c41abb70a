import { expect } from 'chai';
import { QueryError } from '../../../../core/protocol/errors.ts';
import { anonymousAt } from '../../../../core/protocol/principal.ts';
import { type NewQuery, QueryRegistry, viewOf } from '../../../../server/history/registry.ts';
import { QueryTrace } from '../../../../server/history/trace.ts';

const CONTEXT = { traceId: '0'.repeat(32), parentSpanId: null, sampled: null, traceState: null };

function asked(queryId: string, overrides: Partial<NewQuery> = {}): NewQuery {
  return {
    queryId,
    text: `select '${queryId}'`,
    principal: anonymousAt('10.0.0.1'),
    connection: 'main',
    timeoutMs: 1000,
    trace: new QueryTrace(CONTEXT, false),
    ...overrides,
  };
}

describe('query registry', () => {
  let registry: QueryRegistry;
  beforeEach(() => {
    registry = new QueryRegistry();
  });

  const ids = (): string[] => registry.list(0).map(({ queryId }) => queryId);
  const runningIds = (): string[] => registry.running().map(({ queryId }) => queryId);

  it('knows what runs, oldest first, whatever ended in between', () => {
    const [a, b] = [registry.start(asked('a'), 0), registry.start(asked('b'), 0)];
    registry.start(asked('c'), 0);
    registry.end(b, null, 1);
    registry.start(asked('d'), 1);
    registry.end(a, null, 2);
    registry.start(asked('e'), 2);
    expect(runningIds()).to.deep.equal(['c', 'd', 'e']);
    expect(registry.runningCount).to.equal(3);
    expect(registry.find('d')).to.include({ text: "select 'd'", state: 'running' });
  });

  it('shows how far databases are, one entry a statement', () => {
    const query = registry.start(asked('a'), 0);
    const one = {
      ...{ connection: 'lake', operation: 'o1', stages: 1, stagesDone: 0, tasks: 4, tasksDone: 1 },
      ...{ tasksRunning: 1, bytesRead: 100 },
    };
    const later = { ...one, tasksDone: 3 };
    expect(viewOf(query, 1)).not.to.have.property('sources');
    expect(registry.tell('a', one)).to.equal(null);
    expect(registry.tell('a', later)).to.deep.equal(one);
    expect(registry.tell('a', { ...one, operation: 'o2' })).to.equal(null);
    expect(viewOf(query, 1).sources).to.deep.equal([later, { ...one, operation: 'o2' }]);
    registry.end(query, null, 2);
    const late = { ...one, tasksDone: 4 };
    expect(registry.tell('a', late), 'one that has ended counts no more').to.equal(late);
  });

  it('lists running ones first, then ended ones, each newest first', () => {
    const [a, b] = [registry.start(asked('a'), 0), registry.start(asked('b'), 0)];
    registry.start(asked('c'), 0);
    registry.start(asked('d'), 0);
    registry.end(a, null, 1);
    registry.end(b, null, 2);
    expect(ids()).to.deep.equal(['d', 'c', 'b', 'a']);
  });

  it('refuses an id that runs, and takes it again once that has ended', () => {
    const first = registry.start(asked('a'), 0);
    expect(() => registry.start(asked('a'), 0)).to.throw(QueryError, 'a query with the id a is running');
    registry.end(first, null, 1);
    const second = registry.start(asked('a', { text: 'select 2' }), 1);
    expect(registry.find('a')).to.equal(second);
    registry.end(second, null, 2);
    expect(registry.find('a')).to.equal(second);
    expect(ids()).to.deep.equal(['a']);
  });

  it('cancels the query of an id and no other', () => {
    const [a, b] = [registry.start(asked('a'), 0), registry.start(asked('b'), 0)];
    registry.end(a, null, 1);
    const c = registry.start(asked('c'), 1); // in the place that a has left
    const error = new QueryError('cancelled', 'enough');
    expect(registry.abort('a', error)).to.equal(false);
    expect(registry.abort('c', error)).to.equal(true);
    expect([a, b, c].map(({ cancellation }) => cancellation.reason)).to.deep.equal([null, null, error]);
  });

  it('shows who asked and from where, which differ once somebody says who they are', () => {
    const principal = { ...anonymousAt('10.0.0.1'), id: 'alice' };
    registry.start(asked('a', { principal }), 0);
    expect(registry.list(0)[0]).to.include({ principal: 'alice', client: '10.0.0.1' });
    expect(registry.inFlight(principal)).to.equal(1);
    expect(registry.inFlight(anonymousAt('10.0.0.1'))).to.equal(0);
  });

  it('counts what each principal has in flight', () => {
    const a = registry.start(asked('a'), 0);
    registry.start(asked('b'), 0);
    registry.start(asked('c', { principal: anonymousAt('10.0.0.2') }), 0);
    const inFlight = (address: string): number => registry.inFlight(anonymousAt(address));
    expect([inFlight('10.0.0.1'), inFlight('10.0.0.2')]).to.deep.equal([2, 1]);
    registry.end(a, null, 1);
    expect(inFlight('10.0.0.1')).to.equal(1);
    expect(inFlight('10.0.0.3')).to.equal(0);
  });

  it('keeps texts of ended queries within its bytes: the oldest are shortened, and say so', () => {
    const small = new QueryRegistry(4_000_000);
    const text = `select '${'x'.repeat(99_990)}'`;
    for (let index = 0; index < 300; index++) {
      small.end(small.start(asked(`q${index}`, { text }), 0), null, 1);
      expect(small.historyBytes).to.be.at.most(4_000_000);
    }
    expect(small.find('q299')?.text, 'the newest is whole').to.equal(text);
    const { text: old } = small.find('q150')!;
    expect(old).to.equal(`${text.slice(0, 2000)}…[+${text.length - 2000} characters]`);
  });

  it('shortens a text that is larger than all of the bytes', () => {
    const small = new QueryRegistry(0);
    for (let index = 0; index < 3; index++)
      small.end(small.start(asked(`q${index}`, { text: 'y'.repeat(1_000_000) }), 0), null, 1);
    expect(small.historyBytes).to.be.below(3 * 5000);
    expect(small.find('q2')?.text).to.have.length.below(2100);
  });

  it('keeps the last ones that ended, and says how they did', () => {
    for (let index = 0; index < 201; index++)
      registry.end(registry.start(asked(`q${index}`), index), null, index);
    expect(registry.find('q0')).to.equal(undefined);
    expect(registry.find('q1')?.state).to.equal('finished');
    expect(ids()[0]).to.equal('q200');
    const failed = registry.start(asked('f'), 0);
    registry.end(failed, { code: 'sql-error', message: 'no' }, 5);
    const gone = registry.start(asked('g'), 0);
    registry.end(gone, { code: 'client-gone', message: 'gone' }, 5);
    expect([failed.state, gone.state]).to.deep.equal(['failed', 'cancelled']);
  });
});
