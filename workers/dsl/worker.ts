/**
 * The DSL worker: a process that runs the stages of one query at a time in DuckDB. Entry file; it puts the parts
 * together and says `ready` once a first query has gone through all of them.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { LogClient } from '../../core/logging/log.ts';
import { type ChildContext, type RunningChild, runChild } from '../../core/process/child.ts';
import { type DslWorkerConfig, inputFifo, type ScrubReply } from '../../core/protocol/dsl-worker.ts';
import { STAGE_LIMITS } from '../../core/protocol/stage-limits.ts';
import { startDescribe } from './describe-stages.ts';
import { createEngine, type Engine, type EnginePipes } from './engine.ts';
import { createFifos } from './fifo.ts';
import { FilesCalls } from './files-calls.ts';
import { lowerPriority } from './lower-priority.ts';
import { startQuery } from './query-run.ts';
import { DslService } from './service.ts';
import { warmUp } from './warm-up.ts';

/** The connection to the server was lost in mid-query: this process has nobody to answer to. */
const EXIT_ABANDONED = 3;
const LOG_CLOSE_MS = 1000;
const ENGINE_GRACE_MS = 1000;

runChild('dsl', boot);

async function boot({ identity, config, log, send }: ChildContext<'dsl'>): Promise<RunningChild> {
  const pipes: EnginePipes = {
    inputs: Array.from({ length: STAGE_LIMITS.querySources }, (_, index) =>
      inputFifo(config.fifoPath, index),
    ),
    answer: `${config.fifoPath}.answer`,
  };
  let engine = await freshEngine(config, pipes);
  const files = new FilesCalls(config, pipes);
  const service = new DslService({
    log,
    startQuery: (call, socket) =>
      call.plan.inputs.some(({ scan }) => scan !== undefined)
        ? files.startQuery(call, socket)
        : startQuery({ engine, pipes, config, socket }, call),
    startDescribe: (call) => startDescribe(engine, config, call),
    startFilesCall: (call) => files.start(call),
    async scrub(): Promise<ScrubReply> {
      await files.scrub();
      // Spilled blocks may stay on disk for as long as the instance lives.
      if (readdirSync(config.spillDir).length === 0) await engine.renew();
      else {
        engine.close();
        engine = await freshEngine(config, pipes);
      }
      return { rssBytes: process.memoryUsage.rss() };
    },
    giveUp: () => void giveUp(service, log),
  });
  killAtExit(() => service.busy);
  rmSync(config.socketPath, { force: true });
  await service.listen(config.socketPath);
  // The priority is lowered only now, since somebody may wait for this boot.
  lowerPriority(identity.pid === undefined ? {} : { ownSession: true });
  return {
    async stop(graceMs) {
      await service.stop(graceMs);
      for (const path of [config.socketPath, ...pipes.inputs, pipes.answer]) rmSync(path, { force: true });
      rmSync(config.spillDir, { recursive: true, force: true });
      files.close();
    },
    queriesServed: () => service.queriesServed(),
    onMessage(message) {
      if (message.type !== 'connections-changed' || message.to !== 'worker') return;
      files.change(message.connections as DslWorkerConfig['files']); // the pool of DSL workers gets these
      send({ type: 'connections-taken', revision: message.revision, unreachable: [] });
    },
  };
}

/**
 * Makes an exit while the engine works a KILL: exit() waits for the engine's threads, and one that computes for minutes, is
 * blocked in a pipe, or waits for rows, which come from this thread, keeps it waiting, some for ever. Every exit ends in
 * `reallyExit`, after its handlers.
 */
function killAtExit(isBusy: () => boolean): void {
  const ending = process as unknown as { reallyExit(code: number): void };
  const exit = ending.reallyExit.bind(process);
  ending.reallyExit = (code) => {
    if (isBusy()) process.kill(process.pid, 'SIGKILL');
    exit(code);
  };
}

/** The engine gets a moment to let go of the query, so that this is an exit in order. */
async function giveUp(service: DslService, log: LogClient): Promise<void> {
  await Promise.race([service.settled(), setTimeout(ENGINE_GRACE_MS)]);
  await log.close(LOG_CLOSE_MS);
  process.exit(EXIT_ABANDONED);
}

/** Makes an engine with nothing of an earlier query left: not in memory, not on disk, not in the pipes. */
async function freshEngine(config: DslWorkerConfig, pipes: EnginePipes): Promise<Engine> {
  rmSync(config.spillDir, { recursive: true, force: true });
  mkdirSync(config.spillDir, { recursive: true, mode: 0o700 });
  for (const path of pipes.inputs) rmSync(path, { force: true });
  createFifos([pipes.answer]);
  const engine = await createEngine(config, pipes);
  await warmUp(engine, pipes);
  return engine;
}
