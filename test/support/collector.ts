/** A collector of spans that speaks OTLP/HTTP as far as an exporter needs it, and answers what a test wants it to. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly status: { readonly code: number; readonly message?: string };
}

export interface Collector extends AsyncDisposable {
  readonly endpoint: string;
  readonly spans: readonly CollectedSpan[];
  /** Attributes of the resource that the last batch came from. */
  readonly resource: Readonly<Record<string, unknown>>;
  /** Requests, also those that were refused. */
  readonly requests: number;
  /** Sets the answer from now on; 200 and an empty object at first. Spans count when the status is 200. */
  answer(status: number, body?: object): void;
}

interface Body {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: CollectedSpan['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly CollectedSpan[] }[];
  }[];
}

export async function startCollector(): Promise<Collector> {
  let next: { status: number; body: object } = { status: 200, body: {} };
  const spans: CollectedSpan[] = [];
  let resource: Record<string, unknown> = {};
  let requests = 0;
  const server = createServer(async (request, response) => {
    const text = Buffer.concat(await request.toArray()).toString();
    const { status, body } = next;
    requests++;
    if (status === 200) {
      for (const each of (JSON.parse(text) as Body).resourceSpans) {
        resource = attributesOf(each.resource.attributes);
        for (const scope of each.scopeSpans) spans.push(...scope.spans);
      }
    }
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    spans,
    get resource() {
      return resource;
    },
    get requests() {
      return requests;
    },
    answer(status, body = {}) {
      next = { status, body };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** `{name: value}`; whole numbers come as text, as the protocol has them. */
export function attributesOf(attributes: CollectedSpan['attributes']): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
