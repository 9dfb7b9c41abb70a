/** Has connections of the catalogue read or tried by a process of its own (process.ts says why). */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ConfiguredConnection } from '../../core/protocol/connection.ts';
import type {
  ConnectionDefinition,
  ExaminedConnection,
  ResolvedStored,
  StoredConnection,
} from '../../core/protocol/stored-connections.ts';
import type { ConfigQuestion } from '../kit/read-config.ts';

/** The time for one connection: it opens within 5 s or fails; a driver that hangs is killed. */
const PATIENCE_MS = 15_000;

interface QuestionBase {
  readonly config: ConfigQuestion;
  /** Absolute: where connections of the catalogue may read files. */
  readonly directories: readonly string[];
}

export type ConnectionsQuestion = QuestionBase &
  (
    | { readonly type: 'read'; readonly stored: readonly StoredConnection[] }
    | {
        readonly type: 'examine';
        readonly name: string;
        readonly what:
          | { readonly config: ConfiguredConnection }
          | { readonly definition: ConnectionDefinition };
        readonly open: boolean;
      }
  );

export function readStoredConnections(
  base: QuestionBase,
  stored: readonly StoredConnection[],
): Promise<ResolvedStored> {
  return ask<ResolvedStored>({ ...base, type: 'read', stored });
}

export function examineInProcess(
  base: QuestionBase,
  question: Omit<Extract<ConnectionsQuestion, { type: 'examine' }>, 'type' | keyof QuestionBase>,
): Promise<ExaminedConnection> {
  return ask<ExaminedConnection>({ ...base, type: 'examine', ...question });
}

function ask<T extends object>(question: ConnectionsQuestion): Promise<T> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const script = fileURLToPath(new URL(`./process.${extension}`, import.meta.url));
  const { cwd } = question.config;
  const child = fork(script, { cwd, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  return new Promise<T>((resolve, reject) => {
    child.once('message', (answer: T | { readonly failure: string }) => {
      if ('failure' in answer) reject(new Error(answer.failure));
      else resolve(answer);
    });
    child.once('error', reject);
    // After a message this changes nothing any more.
    child.once('exit', (code, signal) =>
      reject(
        new Error(
          signal === 'SIGKILL' ? `no answer within ${PATIENCE_MS} ms` : `it ended with ${signal ?? code}`,
        ),
      ),
    );
    child.send(question);
  }).finally(() => clearTimeout(timer));
}
