/** Which queries are traced and where their spans go. Without a configured endpoint nothing is kept and nothing is sent. */
import type { IncomingMessage } from 'node:http';
import type { Log } from '../../core/logging/log.ts';
import type { TracingConfig } from '../../core/protocol/server-config.ts';
import type { QueryRecord } from '../history/registry.ts';
import { QueryTrace, type SpanAttributes } from '../history/trace.ts';
import { readTraceContext } from '../history/trace-context.ts';
import { outcomeOf } from './queries.ts';
import { TraceExporter } from './trace-exporter.ts';

export interface Tracing {
  /** null when spans are not exported. */
  readonly exporter: TraceExporter | null;
  begin(request: IncomingMessage): QueryTrace;
  /** After the answer's last byte was handed over. */
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

/** Not the query's text: it may hold what is nobody else's business. The log and /v1/queries have it by the id. */
function attributesOf({ queryId, connection, error, rows, bytes }: QueryRecord): SpanAttributes {
  return {
    'forkline.query_id': queryId,
    'forkline.connection': connection,
    'forkline.answer.bytes': bytes,
    ...(rows !== null && { 'forkline.answer.rows': rows }),
    ...(error !== null && { 'error.type': error.code }),
  };
}

/** Several of the same name are one text with commas. */
function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
