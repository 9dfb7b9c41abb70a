/** One answer, read at a bounded speed: between two pieces the socket is paused, so that the sender feels it. */
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { SlowReadResult, SlowReadSpec } from './messages.ts';

const TAIL_BYTES = 2048;

export async function readSlowly(
  spec: SlowReadSpec,
  onTick: (bytes: number) => void,
): Promise<SlowReadResult> {
  const startedAt = performance.now();
  const response = await post(spec);
  let bytes = 0;
  let tail = Buffer.alloc(0);
  const ticker = setInterval(() => onTick(bytes), 1000);
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      bytes += piece.length;
      tail = Buffer.concat([tail, piece]).subarray(-TAIL_BYTES);
      const aheadMs = (bytes / spec.bytesPerSecond) * 1000 - (performance.now() - startedAt);
      if (aheadMs > 1) await delay(aheadMs);
    }
  } finally {
    clearInterval(ticker);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  return { status: response.statusCode ?? 0, bytes, seconds, tail: tail.toString() };
}

function post({ url, body }: SlowReadSpec): Promise<import('node:http').IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request(`${url}/v1/query`, { method: 'POST', headers }, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}
