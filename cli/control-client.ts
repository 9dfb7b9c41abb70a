/**
 * Asks the monitor itself, without HTTP: it is found through the state file of its data directory, which the
 * configuration names, and answers on a unix socket that only the same user can open.
 */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { isSameProcess } from '../core/process/proc.ts';
import type { ControlCalls, ControlReply } from '../core/protocol/control.ts';
import { readRunState, stateFilePath } from '../monitor/sweep/state-file.ts';
import { type ConfigQuestion, readConfig } from './kit/read-config.ts';

/** In words for the terminal. */
export class ControlFailure extends Error {}

const TIMEOUT_MS = 10_000;

/**
 * Mistakes in the configuration are said through `warn`, and keep from nothing: the server runs with what it read.
 * Throws ControlFailure: nobody runs there, or the monitor said no.
 */
export async function askMonitor<K extends keyof ControlCalls>(
  question: ConfigQuestion,
  request: ControlCalls[K]['request'],
  warn: (line: string) => void,
): Promise<ControlCalls[K]['reply']> {
  const path = await findSocket(await findDataDir(question, warn));
  const reply = await exchange(path, JSON.stringify(request));
  if (!reply.ok) throw new ControlFailure(reply.message);
  return reply.value as ControlCalls[K]['reply']; // the reply to this request, by the contract
}

async function findDataDir(question: ConfigQuestion, warn: (line: string) => void): Promise<string> {
  const loaded = await readConfig(question);
  if ('config' in loaded) return loaded.config.dataDir;
  const mistakes = loaded.errors.join('\n  ');
  if (loaded.dataDir === null)
    throw new ControlFailure(`${mistakes}\n  Which server is meant? FORKLINE_DATA_DIR can say it.`);
  warn(
    `forkline: the configuration has mistakes, and would not load:\n  ${mistakes}\n` +
      `Asking the server that runs with the data directory ${loaded.dataDir}.`,
  );
  return loaded.dataDir;
}

async function findSocket(dataDir: string): Promise<string> {
  const state = await readRunState(stateFilePath(dataDir));
  const mend =
    'Start one with "forkline start", or name the configuration of the one that runs with --config.';
  if (state === null)
    throw new ControlFailure(`no forkline runs with the data directory ${dataDir}. ${mend}`);
  // null: it cannot be known here, and the connection will tell.
  if (isSameProcess(state.pid, state.startTicks) === false)
    throw new ControlFailure(
      `the forkline that ran with the data directory ${dataDir} (pid ${state.pid}) is gone. ${mend}`,
    );
  if (state.controlSocket !== undefined) return state.controlSocket;
  throw new ControlFailure(`the forkline with pid ${state.pid} is of a version that cannot be asked`);
}

async function exchange(path: string, line: string): Promise<ControlReply> {
  const socket = connect(path);
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
  socket.on('connect', () => socket.write(`${line}\n`));
  try {
    const answer = await text(socket);
    if (answer === '') throw new Error('it closed the connection without an answer');
    return JSON.parse(answer) as ControlReply; // our own monitor's: trusted
  } catch (error) {
    throw new ControlFailure(`the monitor does not answer on ${path}: ${(error as Error).message}`);
  }
}
