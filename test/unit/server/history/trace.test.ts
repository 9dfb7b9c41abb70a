import { expect } from 'chai';
import { QueryTrace, type Span } from '../../../../server/history/trace.ts';
import { readTraceContext } from '../../../../server/history/trace-context.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const END = { attributes: { rows: 1 }, error: null };

function find(spans: readonly Span[], name: string): Span {
  const found = spans.find((span) => span.name === name);
  if (found === undefined) throw new Error(`no span ${name}`);
  return found;
}

describe('QueryTrace', () => {
  it('keeps nothing when it is not exported', async () => {
    const trace = new QueryTrace(readTraceContext(undefined), false);
    trace.add('plan', 0);
    expect(await trace.time('sql', Promise.resolve(7))).to.equal(7);
    expect(trace.end(END)).to.deep.equal([]);
    expect(trace.databaseTraceId).to.equal(null);
    expect(trace.response).to.equal(`00-${trace.traceId}-${trace.spanId}-00`);
  });

  it("is the child of the caller's span, and the parent of its own", async () => {
    const trace = new QueryTrace(readTraceContext(PARENT, 'a=b'), true);
    await trace.time('sql', Promise.resolve());
    const spans = trace.end(END);
    const query = find(spans, 'query');
    expect(query).to.include({ parentSpanId: 'b7ad6b7169203331', kind: 'server', traceState: 'a=b' });
    expect(find(spans, 'sql')).to.include({ parentSpanId: query.spanId, kind: 'client' });
    expect(new Set(spans.map(({ traceId }) => traceId)).size).to.equal(1);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).to.equal(2);
    expect(query.endMs).to.be.at.least(find(spans, 'sql').endMs);
  });

  it('tells the database of a trace that somebody else began, exported or not', () => {
    expect(new QueryTrace(readTraceContext(PARENT), false).databaseTraceId).to.be.a('string');
  });

  it('a call that failed has its span, and one that outlives the query is cut at its end', async () => {
    const trace = new QueryTrace(readTraceContext(undefined), true);
    let settle = (): void => {};
    const late = trace.time('sql', new Promise<void>((resolve) => (settle = resolve)));
    await trace.time('queue', Promise.reject(new Error('full'))).catch(() => {});
    const spans = trace.end({ ...END, error: 'deadline-exceeded' });
    expect(spans.map(({ name }) => name)).to.deep.equal(['queue', 'sql', 'query']);
    settle();
    await late;
    expect(find(spans, 'query').error).to.equal('deadline-exceeded');
  });

  it('divides the call to a DSL worker by what the worker says', async () => {
    const trace = new QueryTrace(readTraceContext(undefined), true);
    await trace.timeStages(Promise.resolve({ phases: { dslMs: 0, encodeMs: 0 } }));
    const spans = trace.end(END);
    expect(find(spans, 'stages').endMs).to.equal(find(spans, 'encode').startMs);
  });
});
