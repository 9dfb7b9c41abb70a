/**
 * One run of load with autocannon. Closed loop is one instance of it with all connections. Open loop is an instance
 * for each connection, each sending once a second, started evenly spread over the first second: with several requests a
 * second autocannon sends each second's share as one burst. Load goes on until everything that was asked for in the
 * measured time is answered, or that has taken long enough.
 */
import { setTimeout as delay } from 'node:timers/promises';
import autocannon from 'autocannon';
import { ConnectionLog, countClosed, countOpen, isWaiting, type Window } from './connections.ts';
import type { LoadFailures, LoadRequest, LoadResult, LoadSpec } from './messages.ts';
import type { Schedule } from './open-loop.ts';

const SECOND_MS = 1000;
const POLL_MS = 20;
/** After the measured time, for late answers: this many times as long, and at least so long. */
const DRAIN_FACTOR = 2;
const LEAST_DRAIN_MS = 3000;
/** autocannon looks this often whether it should stop. */
const STOP_CHECK_MS = 100;
const MOST_CONNECTIONS = 1000;

interface Lane {
  readonly log: ConnectionLog;
  readonly schedule: Omit<Schedule, 'endMs'> | null;
}

export async function makeLoad(spec: LoadSpec, onTick: (answers: number) => void): Promise<LoadResult> {
  const failures = { statuses: {} as Record<string, number>, errors: 0, wrongSizes: 0, wrongBodies: 0 };
  const lanes: Lane[] = [];
  const startMs = performance.now();
  const window: Window = {
    startMs: startMs + spec.warmUpMs,
    endMs: startMs + spec.warmUpMs + spec.durationMs,
  };
  const ticker = setInterval(
    () => onTick(lanes.reduce((n, { log }) => n + log.answers.length, 0)),
    SECOND_MS,
  );
  const instances = await startInstances(spec, lanes, failures);
  await untilAnswered(lanes, window, spec);
  const endMs = performance.now();
  clearInterval(ticker);
  const logs = lanes.map(({ log }) => log);
  const counted =
    spec.pace.kind === 'closed'
      ? countClosed(logs, window, endMs)
      : countOpen(withSchedules(lanes, endMs), spec.requests[0]!.name, window);
  for (const instance of instances) instance.stop();
  return { ...counted, failures };
}

async function startInstances(
  spec: LoadSpec,
  lanes: Lane[],
  failures: Mutable<LoadFailures>,
): Promise<autocannon.Instance[]> {
  const { pace } = spec;
  if (pace.kind === 'closed') return [startInstance(spec, pace.connections, null, lanes, failures)];
  if (spec.requests.length !== 1) throw new Error('open loop takes one kind of request');
  if (pace.perSecond > MOST_CONNECTIONS) throw new Error(`open loop goes up to ${MOST_CONNECTIONS}/s`);
  const instances: autocannon.Instance[] = [];
  for (let index = 0; index < pace.perSecond; index++) {
    if (index > 0) await delay(SECOND_MS / pace.perSecond);
    instances.push(startInstance(spec, 1, SECOND_MS, lanes, failures));
  }
  return instances;
}

type Mutable<T> = {
  -readonly [K in keyof T]: T[K] extends Readonly<Record<string, number>> ? Record<string, number> : T[K];
};

/** The events of autocannon's clients, which its types leave out in part. */
interface ClientEvents {
  on(event: 'request' | 'timeout' | 'mismatch', listener: () => void): void;
  on(event: 'response', listener: (status: number, bytes: number) => void): void;
  on(event: 'connError', listener: (error: Error) => void): void;
}

function startInstance(
  spec: LoadSpec,
  connections: number,
  intervalMs: number | null,
  lanes: Lane[],
  failures: Mutable<LoadFailures>,
): autocannon.Instance {
  const options: autocannon.Options = {
    url: `${spec.url}/v1/query`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: spec.requests[0]!.body,
    connections,
    ...(intervalMs !== null && { connectionRate: SECOND_MS / intervalMs, ignoreCoordinatedOmission: true }),
    // Stopped by us; this only bounds it.
    duration: Math.ceil((spec.warmUpMs + spec.durationMs + drainMs(spec)) / SECOND_MS) + 60,
    timeout: Math.ceil(spec.timeoutMs / SECOND_MS),
    sampleInt: STOP_CHECK_MS,
    // Autocannon does not tell which request was answered; an answer to another one has another length.
    verifyBody: (body) => spec.requests.some((request) => holdsMark(String(body), request)),
    setupClient(client) {
      const offset = lanes.length % spec.requests.length;
      const log = new ConnectionLog(spec.requests, offset);
      const firstDueMs = performance.now();
      lanes.push({ log, schedule: intervalMs === null ? null : { firstDueMs, intervalMs } });
      const varied = spec.requests.some(({ varying }) => varying !== undefined);
      if (spec.requests.length > 1 || varied) client.setRequests(rotate(spec.requests, offset));
      takeDown(client as unknown as ClientEvents, log, failures);
    },
  };
  return autocannon(options, (error: Error | null) => {
    // The options were wrong, which no run survives.
    if (error !== null) failures.errors++;
  });
}

function holdsMark(body: string, { mark, markAt }: LoadRequest): boolean {
  return body.slice(markAt, markAt + mark.length) === mark || body.includes(mark);
}

function rotate(requests: readonly LoadRequest[], offset: number): autocannon.Request[] {
  return [...requests.slice(offset), ...requests.slice(0, offset)].map(({ body, varying }) =>
    varying === undefined ? { body } : variedRequest(body, varying),
  );
}

/** Counts the requests of this process, over all runs. */
let variations = Date.now() % 100_000_000;

/** Another number of the same length in the place of `digits`, each time it is sent. */
function variedRequest(body: string, digits: string): autocannon.Request {
  const [before = '', after = ''] = body.split(digits);
  const setupRequest = (request: autocannon.Request): autocannon.Request => {
    request.body = `${before}${Number(digits) + variations++}${after}`;
    return request;
  };
  return { body, setupRequest };
}

function takeDown(client: ClientEvents, log: ConnectionLog, failures: Mutable<LoadFailures>): void {
  client.on('request', () => log.onRequest(performance.now()));
  client.on('response', (status, bytes) => {
    const request = log.onAnswer(performance.now());
    if (status !== 200) failures.statuses[status] = (failures.statuses[status] ?? 0) + 1;
    else if (request !== null && (bytes < request.minBytes || bytes > request.maxBytes))
      failures.wrongSizes++;
  });
  const failed = (): void => void failures.errors++;
  client.on('connError', failed);
  client.on('timeout', failed);
  client.on('mismatch', () => void failures.wrongBodies++);
}

async function untilAnswered(lanes: readonly Lane[], window: Window, spec: LoadSpec): Promise<void> {
  await delay(Math.max(0, window.endMs - performance.now()));
  const giveUpAt = window.endMs + drainMs(spec);
  const logs = lanes.map(({ log }) => log);
  while (isWaiting(logs, window) && performance.now() < giveUpAt) await delay(POLL_MS);
}

function drainMs({ durationMs }: LoadSpec): number {
  return Math.max(LEAST_DRAIN_MS, DRAIN_FACTOR * durationMs);
}

function withSchedules(lanes: readonly Lane[], endMs: number) {
  return lanes.flatMap(({ log, schedule }) =>
    schedule === null ? [] : [{ log, schedule: { ...schedule, endMs } }],
  );
}
