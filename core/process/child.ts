/**
 * The child's side of life under the monitor, the same for every role: wait for `init`, boot, say `ready`, beat,
 * stop when told, and exit when the channel to the monitor closes (the monitor died).
 *
 *   spawned --init--> booting --ready--> running --stop--> stopping --> exit 0
 *                        |                  |
 *                   init-failed         disconnect --> exit 0 at once (the work has no owner any more)
 *                     exit 70           TERM --> log flushed, exit 143
 *
 * Messages that come while it boots are kept in order and handed on before `ready` is said: a server knows its
 * workers before it answers anybody.
 */
import { createLogClient } from '../logging/client.ts';
import type { LogClient } from '../logging/log.ts';
import { redactLiterals } from '../logging/redact.ts';
import type { ChildConfig, ChildIdentity, FromChild, ToChild } from '../protocol/monitor.ts';
import { findBuild } from './build.ts';
import { EXIT_CRASHED, EXIT_INIT_FAILED, EXIT_STOP_FAILED, EXIT_TERM } from './exit-codes.ts';
import { LoopLag } from './loop-lag.ts';

const HEARTBEAT_MS = 1000;
const LOG_CLOSE_MS = 1000;
/** Less than the time from TERM to KILL. */
const LOG_CLOSE_ON_TERM_MS = 300;

type ConfiguredRole = ChildConfig['role'];
type ConfigOf<R extends ConfiguredRole> = Extract<ChildConfig, { role: R }>['config'];
/** Makes the log that a child writes to; the logger's own goes straight into the file. */
export type CreateLog = (options: { readonly identity: ChildIdentity; readonly level: string }) => LogClient;

type Init = Extract<ToChild, { type: 'init' }>;

export interface ChildContext<R extends ConfiguredRole> {
  readonly identity: ChildIdentity;
  readonly config: ConfigOf<R>;
  readonly log: LogClient;
  send(message: FromChild): void;
}

/** The functions that a role returns once it is ready to work. */
export interface RunningChild {
  /** Finish what runs and take nothing new; resolves when done. Called at most once. */
  stop(graceMs: number, successor: boolean): Promise<void>;
  queriesServed(): number;
  /** Every message but `init` and `stop`; those of the boot time first. */
  onMessage?(message: ToChild): void;
}

/** Runs this process as a child of the monitor; the only caller of process.exit in it. */
export function runChild<R extends ConfiguredRole>(
  role: R,
  boot: (context: ChildContext<R>) => Promise<RunningChild>,
  /** The logger cannot log over its own socket, and brings its own. */
  createLog: CreateLog = createLogClient,
): void {
  if (process.send === undefined) {
    process.stderr.write(`forkline ${role}: this process is started by the monitor; run "forkline start"\n`);
    process.exit(EXIT_INIT_FAILED);
  }
  // Read now: after an upgrade in place the files may not be those of this process any more.
  const buildId = findBuild().id;
  process.on('SIGINT', () => {}); // a terminal's Ctrl-C is the monitor's to handle
  process.on('disconnect', () => process.exit(0));
  const inbox = createInbox();
  process.on('message', (message: ToChild) => inbox.receive(message));
  process.once('message', (message: ToChild) => {
    if (message.type !== 'init') throw new Error(`${role}: first message was ${message.type}, not init`);
    if (message.child.role !== role) throw new Error(`${role}: got the init of a ${message.child.role}`);
    const config = message.child.config as ConfigOf<R>; // checked by the line above
    void bootAndRun(message, config, boot, inbox, buildId, createLog);
  });
}

/** Messages in order, held back until there is somebody to take them. */
function createInbox(): { receive(message: ToChild): void; open(take: (message: ToChild) => void): void } {
  const held: ToChild[] = [];
  let taker: ((message: ToChild) => void) | null = null;
  return {
    receive(message) {
      if (message.type === 'init') return;
      if (taker === null) held.push(message);
      else taker(message);
    },
    open(take) {
      for (const message of held.splice(0)) take(message);
      taker = take;
    },
  };
}

async function bootAndRun<R extends ConfiguredRole>(
  init: Init,
  config: ConfigOf<R>,
  boot: (context: ChildContext<R>) => Promise<RunningChild>,
  inbox: ReturnType<typeof createInbox>,
  buildId: string,
  createLog: CreateLog,
): Promise<void> {
  const { identity } = init;
  redactLiterals(init.redactLiterals);
  const log = createLog({ identity, level: init.logLevel });
  process.title = `forkline ${identity.workerId}`;
  exitOnTrouble(log);
  let running: RunningChild;
  try {
    running = await boot({ identity, config, log, send });
  } catch (thrown) {
    await failInit(thrown, log);
    return;
  }
  let stopping = false;
  inbox.open((message) => {
    if (message.type !== 'stop') running.onMessage?.(message);
    if (message.type !== 'stop' || stopping) return;
    stopping = true;
    void stopAndExit(() => running.stop(message.graceMs, message.successor), log);
  });
  startHeartbeat(running);
  send({ type: 'ready', buildId });
  log.info('ready', { bootMs: Math.round(process.uptime() * 1000) });
}

function send(message: FromChild): void {
  // A closed channel means that the monitor is gone; 'disconnect' ends this process.
  if (process.connected) process.send?.(message, undefined, {}, () => {});
}

function exitOnTrouble(log: LogClient): void {
  process.on('uncaughtException', (error) => {
    log.error('uncaught-exception', { message: error.message, stack: error.stack });
    void log.close(LOG_CLOSE_MS).finally(() => process.exit(EXIT_CRASHED));
  });
  process.on('SIGTERM', () => {
    // Why is in the line of whoever sent it: the monitor's, as a rule.
    log.info('terminated', {});
    void log.close(LOG_CLOSE_ON_TERM_MS).finally(() => process.exit(EXIT_TERM));
  });
}

async function failInit(thrown: unknown, log: LogClient): Promise<void> {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  log.error('init-failed', { message, stack: thrown instanceof Error ? thrown.stack : undefined });
  const failed: FromChild = { type: 'init-failed', message };
  // Never exit before it is sent: what is still in the channel would be lost.
  const sent = new Promise<void>((resolve) => {
    if (process.connected) process.send?.(failed, undefined, {}, () => resolve());
    else resolve();
  });
  await Promise.all([sent, log.close(LOG_CLOSE_MS)]);
  process.exit(EXIT_INIT_FAILED);
}

function startHeartbeat(running: RunningChild): void {
  const lag = new LoopLag();
  setInterval(() => {
    const queriesServed = running.queriesServed();
    send({ type: 'heartbeat', queriesServed, eventLoopLagMs: lag.takeMaxMs() });
  }, HEARTBEAT_MS);
}

async function stopAndExit(stop: () => Promise<void>, log: LogClient): Promise<void> {
  let code = 0;
  try {
    await stop();
  } catch (thrown) {
    code = EXIT_STOP_FAILED;
    log.error('stop-failed', { message: String(thrown) });
  }
  log.info('stopped', {});
  await log.close(LOG_CLOSE_MS);
  process.exit(code);
}
