/**
 * Lists what this process has open that would keep it running or outlive it: sockets, servers, pipes, timers, threads, and every
 * process below it. Sockets that wait for a next request (fetch keeps some) do not keep a process running and do not count.
 */
import type { Worker } from 'node:worker_threads';
import { commandOf, treeOf } from './processes.ts';

export interface ActiveResource {
  /** Identifies a resource, each time alike; a timer, which has no name, by its place among the timers. */
  readonly key: object | string;
  /** For people: what it is, and which one. */
  readonly text: string;
  /** Pid, when the resource is a process. */
  readonly pid?: number;
}

/** Node's own list of open handles. It is not documented, and all that tells one socket from another. */
interface HandleLister {
  _getActiveHandles(): object[];
}

interface HandleFacts {
  readonly pid?: number;
  readonly spawnargs?: readonly string[];
  readonly fd?: number;
  readonly listening?: boolean;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly localPort?: number;
  /** The server that accepted it. */
  readonly server?: { readonly _pipeName?: string } | null;
  address?(): unknown;
}

const threads = new Set<Worker>();
process.on('worker', (worker: Worker) => {
  threads.add(worker);
  worker.once('exit', () => threads.delete(worker));
});

export function activeResources(): ActiveResource[] {
  const handles = (process as unknown as HandleLister)._getActiveHandles();
  return [
    ...handles.map(resourceOf),
    ...[...threads].map((thread) => ({ key: thread, text: `thread ${thread.threadId}` })),
    ...activeTimers(),
    ...processesBelow(),
  ];
}

function resourceOf(handle: object): ActiveResource {
  const { pid } = handle as HandleFacts;
  return { key: handle, text: describeHandle(handle), ...(pid !== undefined && { pid }) };
}

function describeHandle(handle: object): string {
  const facts = handle as HandleFacts;
  const kind = handle.constructor.name;
  if (facts.spawnargs !== undefined) return `${kind} ${facts.pid}: ${facts.spawnargs.join(' ')}`;
  if (facts.listening === true) return `${kind} listening on ${JSON.stringify(facts.address?.())}`;
  if (facts.remoteAddress !== undefined)
    return `${kind} from port ${facts.localPort} to ${facts.remoteAddress}:${facts.remotePort}`;
  if (facts.server?._pipeName !== undefined) return `${kind} accepted on ${facts.server._pipeName}`;
  return facts.fd === undefined ? kind : `${kind} with fd ${facts.fd}`;
}

function activeTimers(): ActiveResource[] {
  const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout');
  return timers.map((kind, index) => ({ key: `${kind} ${index + 1}`, text: `${kind} (a timer)` }));
}

/** esbuild is tsx's: it compiles the tests, and ends with them. */
function processesBelow(): ActiveResource[] {
  const below = treeOf(process.pid).filter(({ pid }) => pid !== process.pid);
  return below.flatMap(({ pid, startTicks }) => {
    const command = commandOf(pid);
    if (command === null || /\besbuild\b/.test(command)) return [];
    return [{ key: `process ${pid} ${startTicks}`, text: `process ${pid}: ${command}`, pid }];
  });
}
