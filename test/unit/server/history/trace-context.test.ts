import { expect } from 'chai';
import { newSpanId, readTraceContext, traceparentOf } from '../../../../server/history/trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const NEW_TRACE = /^(?!0{32})[0-9a-f]{32}$/;

describe('traceparent', () => {
  it('a valid one is gone on with, its sampling and tracestate kept', () => {
    expect(readTraceContext(`00-${TRACE}-${SPAN}-01`, 'vendor=1,other=2')).to.deep.equal({
      traceId: TRACE,
      parentSpanId: SPAN,
      sampled: true,
      traceState: 'vendor=1,other=2',
    });
    expect(readTraceContext(`00-${TRACE}-${SPAN}-00`).sampled).to.equal(false);
    // Only the lowest bit speaks of sampling.
    expect(readTraceContext(`00-${TRACE}-${SPAN}-fe`).sampled).to.equal(false);
  });

  it('a later version is read as far as it is known', () => {
    expect(readTraceContext(`cc-${TRACE}-${SPAN}-01-what-the-future-brings`).traceId).to.equal(TRACE);
  });

  for (const [what, text] of [
    ['none', undefined],
    ['nothing', ''],
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['more than version 00 has', `00-${TRACE}-${SPAN}-01-more`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['two headers', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
    ['a line end', `00-${TRACE}-${SPAN}-01\n`],
  ] as const) {
    it(`${what}: a new trace begins, and no tracestate is taken`, () => {
      const context = readTraceContext(text, 'vendor=1');
      expect(context.traceId).to.match(NEW_TRACE).and.not.equal(TRACE);
      expect(context).to.include({ parentSpanId: null, sampled: null, traceState: null });
    });
  }

  it('a tracestate that is too long or no text is left out', () => {
    const traceparent = `00-${TRACE}-${SPAN}-01`;
    expect(readTraceContext(traceparent, `a=${'x'.repeat(600)}`).traceState).to.equal(null);
    expect(readTraceContext(traceparent, 'a=\u00e9').traceState).to.equal(null);
  });

  it('is written as it is read', () => {
    const spanId = newSpanId();
    const read = readTraceContext(traceparentOf(TRACE, spanId, true));
    expect(read).to.include({ traceId: TRACE, parentSpanId: spanId, sampled: true });
  });
});
