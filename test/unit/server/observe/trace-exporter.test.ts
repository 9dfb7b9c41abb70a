import { expect } from 'chai';
import type { Log } from '../../../../core/logging/log.ts';
import { QueryTrace, type Span } from '../../../../server/history/trace.ts';
import { readTraceContext } from '../../../../server/history/trace-context.ts';
import { TraceExporter } from '../../../../server/observe/trace-exporter.ts';
import { attributesOf, startCollector } from '../../../support/collector.ts';
import { until } from '../../../support/until.ts';

const DEADLINE_MS = 5000;

function spans(count: number): readonly Span[] {
  return Array.from({ length: count }, () => {
    const trace = new QueryTrace(readTraceContext(undefined), true);
    return trace.end({ attributes: { text: 'a', number: 7, fraction: 1.5, flag: true }, error: 'internal' });
  }).flat();
}

function createLog(): Log & { readonly warnings: string[] } {
  const warnings: string[] = [];
  const ignore = (): void => {};
  return { warnings, debug: ignore, info: ignore, error: ignore, warn: (event) => void warnings.push(event) };
}

function createExporter(endpoint: string, log: Log = createLog()): TraceExporter {
  const resource = { 'service.name': 'forkline' };
  return new TraceExporter({ endpoint, resource, log, maxQueued: 10, delayMs: 5 });
}

describe('TraceExporter', () => {
  it('sends spans as the protocol has them', async () => {
    await using collector = await startCollector();
    const exporter = createExporter(collector.endpoint);
    const before = BigInt(Date.now() - 1000) * 1_000_000n;
    exporter.add(spans(1));
    await until(() => exporter.exported === 1, DEADLINE_MS, 'the span is exported');
    const [span] = collector.spans;
    expect(span).to.include({ name: 'query', kind: 2 });
    expect(span!.status).to.deep.equal({ code: 2, message: 'internal' });
    expect(attributesOf(span!.attributes)).to.deep.equal({
      text: 'a',
      number: '7',
      fraction: 1.5,
      flag: true,
    });
    expect(span!).not.to.have.property('parentSpanId');
    expect(BigInt(span!.startTimeUnixNano) > before).to.equal(true);
    expect(BigInt(span!.endTimeUnixNano) >= BigInt(span!.startTimeUnixNano)).to.equal(true);
    expect(collector.resource).to.deep.equal({ 'service.name': 'forkline' });
  });

  it('keeps spans while the collector is busy, warns once, and goes on', async () => {
    await using collector = await startCollector();
    collector.answer(503);
    const log = createLog();
    const exporter = createExporter(collector.endpoint, log);
    exporter.add(spans(3));
    await until(() => collector.requests >= 3, DEADLINE_MS, 'it tries again');
    collector.answer(200);
    await until(() => exporter.exported === 3, DEADLINE_MS, 'the spans are exported');
    expect(collector.spans).to.have.length(3);
    expect(exporter.dropped).to.deep.equal({ 'queue-full': 0, refused: 0 });
    expect(log.warnings).to.deep.equal(['spans-not-exported']);
  });

  it('counts what a collector refuses, all of it or some', async () => {
    await using collector = await startCollector();
    collector.answer(400);
    const exporter = createExporter(collector.endpoint);
    exporter.add(spans(2));
    await until(() => exporter.dropped.refused === 2, DEADLINE_MS, 'the refused are counted');
    collector.answer(200, { partialSuccess: { rejectedSpans: '1', errorMessage: 'one is odd' } });
    exporter.add(spans(3));
    await until(() => exporter.exported === 2, DEADLINE_MS, 'the rest is exported');
    expect(exporter.dropped).to.deep.equal({ 'queue-full': 0, refused: 3 });
  });

  it('drops and counts what does not fit, and never throws into the query', async () => {
    const exporter = createExporter('http://127.0.0.1:1/v1/traces');
    for (let n = 0; n < 15; n++) exporter.add(spans(1));
    expect(exporter.dropped['queue-full']).to.equal(5);
    await exporter.close(1000);
    expect(exporter.exported).to.equal(0);
  });

  it('sends what is left when it closes', async () => {
    await using collector = await startCollector();
    const resource = {};
    const exporter = new TraceExporter({ endpoint: collector.endpoint, resource, log: createLog() });
    exporter.add(spans(700)); // more than a batch
    await exporter.close(DEADLINE_MS);
    expect(collector.spans).to.have.length(700);
  });
});
