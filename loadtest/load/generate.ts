/** Starts a process that makes load, waits for its result, and refuses results that hold failures. */

import { fileURLToPath } from 'node:url';
import type { Children } from '../children.ts';
import type {
  BareLoadResult,
  BareLoadSpec,
  FromGenerator,
  LoadResult,
  LoadSpec,
  SlowReadResult,
  SlowReadSpec,
  ToGenerator,
} from './messages.ts';

const GENERATOR = fileURLToPath(new URL('./generator.js', import.meta.url));

export interface GenerateDeps {
  readonly children: Children;
  readonly signal: AbortSignal;
  /** Answers, or bytes, so far. */
  onTick(done: number): void;
}

export async function generateLoad(deps: GenerateDeps, spec: LoadSpec): Promise<LoadResult> {
  const done = await perform(deps, { type: 'run', spec });
  if (done.type !== 'load-done') throw new Error(`the load generator said ${done.type}`);
  const trouble = failuresOf(done.result);
  if (trouble !== null) throw new Error(`${spec.url}: ${trouble}`);
  return done.result;
}

export async function readOneSlowly(deps: GenerateDeps, spec: SlowReadSpec): Promise<SlowReadResult> {
  const done = await perform(deps, { type: 'read-slowly', spec });
  if (done.type !== 'read-done') throw new Error(`the load generator said ${done.type}`);
  return done.result;
}

/** Rejects when an answer is not the right one. */
export async function generateBareLoad(deps: GenerateDeps, spec: BareLoadSpec): Promise<BareLoadResult> {
  const done = await perform(deps, { type: 'run-bare', spec });
  if (done.type !== 'bare-done') throw new Error(`the load generator said ${done.type}`);
  if (done.result.latencies.length === 0) throw new Error(`${spec.url}: nothing was answered`);
  return done.result;
}

type Done = Exclude<FromGenerator, { type: 'tick' | 'failed' }>;

async function perform({ children, signal, onTick }: GenerateDeps, task: ToGenerator): Promise<Done> {
  signal.throwIfAborted();
  const child = children.start({
    what: 'the load generator',
    args: [GENERATOR],
    env: {},
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const stop = (): void => void children.end(child);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise<Done>((resolve, reject) => {
      child.on('message', (message: FromGenerator) => {
        switch (message.type) {
          case 'tick':
            return onTick(message.answers);
          case 'failed':
            return reject(new Error(message.message));
          case 'load-done':
          case 'read-done':
          case 'bare-done':
            return resolve(message);
          default:
            message satisfies never;
        }
      });
      child.once('exit', (code, how) => {
        signal.aborted
          ? reject(signal.reason)
          : reject(new Error(`the load generator ended with ${how ?? code}`));
      });
      child.send(task);
    });
  } finally {
    signal.removeEventListener('abort', stop);
    await children.end(child);
  }
}

/** A run with wrong answers measures nothing. */
export function failuresOf({ failures, asked }: LoadResult): string | null {
  const { statuses, errors, wrongSizes, wrongBodies } = failures;
  const found = Object.entries(statuses).map(([status, count]) => `${count} answers with status ${status}`);
  if (errors > 0) found.push(`${errors} broken connections or timeouts`);
  if (wrongSizes > 0) found.push(`${wrongSizes} answers of the wrong length`);
  if (wrongBodies > 0) found.push(`${wrongBodies} wrong answers`);
  // No answer within the measured time is a finding: then everybody still waited. No request at all is none.
  if (asked === 0 && found.length === 0) found.push('nothing was asked');
  return found.length === 0 ? null : found.join(', ');
}
