/** Decides which queries are traced, and hands their spans to the exporter. Without a configured endpoint no span is kept or sent. */
import type { IncomingMessage } from 'node:http';
import type { Log } from '../../core/logging/log.ts';
import type { TracingConfig } from '../../core/protocol/server-config.ts';
import type { QueryRecord } from '../history/registry.ts';
import { QueryTrace, type SpanAttributes } from '../history/trace.ts';
import { readTraceContext } from '../history/trace-context.ts';
import { outcomeOf } from './outcome.ts';
import { TraceExporter } from './trace-exporter.ts';

export interface Tracing {
  /** The exporter; null when spans are not exported. */
  readonly exporter: TraceExporter | null;
  begin(request: Pick<IncomingMessage, 'headers'>): QueryTrace;
  /** Ends the query's spans; called after the last byte of the answer was written. */
  end(query: QueryRecord): void;
}

export function createTracing(
  { endpoint, samplePercent }: TracingConfig,
  resource: SpanAttributes,
  log: Log,
): Tracing {
  const exporter = endpoint === null ? null : new TraceExporter({ endpoint, resource, log });
  return {
    exporter,
    begin(request) {
      const context = readTraceContext(headerOf(request, 'traceparent'), headerOf(request, 'tracestate'));
      const sampled = context.sampled ?? Math.random() * 100 < samplePercent;
      return new QueryTrace(context, exporter !== null && sampled);
    },
    end(query) {
      if (exporter === null || !query.trace.exported) return;
      const code = query.error?.code ?? 'ok';
      const failed = outcomeOf(code) === 'server-error';
      exporter.add(query.trace.end({ attributes: attributesOf(query), error: failed ? code : null }));
    },
  };
}

/** Returns the attributes of a query's span. The text is not among them, since it may be private; the log and /v1/queries show it by the id. */
function attributesOf({ queryId, connection, error, rows, bytes }: QueryRecord): SpanAttributes {
  return {
    'forkline.query_id': queryId,
    'forkline.connection': connection,
    'forkline.answer.bytes': bytes,
    ...(rows !== null && { 'forkline.answer.rows': rows }),
    ...(error !== null && { 'error.type': error.code }),
  };
}

/** Returns a header's value; several headers of the same name are joined by commas. */
function headerOf({ headers }: Pick<IncomingMessage, 'headers'>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
