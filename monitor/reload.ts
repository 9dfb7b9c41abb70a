/**
 * Reload on HUP: a whole new generation beside the old one, which serves all the while. When only connections changed, the
 * current generation takes them instead, and no process is replaced.
 *
 *   idle --HUP--> reading --bad file--> idle (errors told, nothing changed)
 *   reading --only connections changed--> all workers, then the server have taken them --> idle
 *   reading --> workers starting --> server starting --> switched: the old one drains --> idle
 *   any start --3 failed boots--> given up: the new one is killed, the old one stays --> idle
 *
 * A HUP during a reload is remembered, and causes another one after it. The server starts last, because it accepts
 * connections as soon as it has started.
 */
import type { Config } from '../core/config/config.ts';
import type { Log } from '../core/logging/log.ts';
import { describeEnd } from './children/managed-child.ts';
import { type ConnectionsChange, connectionsChange } from './connections-change.ts';
import type { Monitor } from './monitor.ts';
import type { Generation } from './pools/generation.ts';

const MAX_BOOT_FAILURES = 3;

/** The options that only a restart can change. */
const FIXED_OPTIONS = ['listen', 'dataDir', 'log', 'audit'] as const;
type FixedOption = (typeof FIXED_OPTIONS)[number];

export interface ReloaderDeps {
  readonly monitor: Monitor;
  readonly log: Log;
  /** Reads the configuration again. Rejects when the file is invalid. */
  reloadConfig(): Promise<Config>;
  consoleLog(line: string): void;
  /** Called after each reload with its success. */
  onReloaded(ok: boolean): void;
}

export class Reloader {
  readonly #deps: ReloaderDeps;
  #running: Promise<void> | null = null;
  #again = false;

  constructor(deps: ReloaderDeps) {
    this.#deps = deps;
  }

  /** Starts a reload, or one more after the running one. Resolves when all are done (never, once the monitor drains); never rejects. */
  reload(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#rounds().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #rounds(): Promise<void> {
    while (this.#again && !this.#deps.monitor.draining) {
      this.#again = false;
      try {
        await this.#round();
      } catch (thrown) {
        this.#fail(thrown instanceof Error ? thrown.message : String(thrown));
      }
    }
  }

  async #round(): Promise<void> {
    const { consoleLog, log, monitor, reloadConfig } = this.#deps;
    const old = monitor.current;
    const config = this.#keepFixed(old.config, await reloadConfig());
    if (monitor.draining) return;
    log.info('reload', { from: old.number });
    const change = connectionsChange(old.config, config);
    if (change !== null) {
      await this.#changeConnections(config, change);
      return;
    }
    const { generation, failure } = await this.#bootGeneration(config);
    if (monitor.draining) return; // the drain also ends the new generation
    if (failure !== null) {
      await monitor.discard(generation);
      this.#fail(failure);
      return;
    }
    const drained = monitor.switchTo(generation);
    log.info('reloaded', { generation: generation.number });
    this.#deps.onReloaded(true);
    consoleLog('forkline: reloaded');
    await drained;
  }

  async #changeConnections(config: Config, change: ConnectionsChange): Promise<void> {
    const { consoleLog, log, monitor } = this.#deps;
    const unreachable = await monitor.changeConnections(config, [...change.removed, ...change.changed]);
    if (monitor.draining) return;
    log.info('reloaded', { generation: monitor.current.number, connections: change });
    this.#deps.onReloaded(true);
    consoleLog('forkline: reloaded');
    for (const { connection, message } of unreachable)
      this.#tell('connection-unreachable', message, `connection ${connection}: `, { connection });
  }

  /** Starts a generation. Resolves when it is complete, or with the reason why it failed; never when a drain ends it first. */
  #bootGeneration(config: Config): Promise<{ generation: Generation; failure: string | null }> {
    return new Promise((resolve) => {
      let failures = 0;
      const generation = this.#deps.monitor.createGeneration(config, {
        onBootFailed: (child, end) => {
          failures++;
          if (failures >= MAX_BOOT_FAILURES) {
            const failure = `${failures} processes failed to start, the last one ${child.workerId}: ${describeEnd(end)}`;
            resolve({ generation, failure });
          }
        },
        onWorkersReady: () => generation.startServer(),
        onWhole: () => resolve({ generation, failure: null }),
      });
      generation.startWorkers();
    });
  }

  /** Returns the next configuration with the old values of options that only a restart can change, and warns about them. */
  #keepFixed(old: Config, next: Config): Config {
    const differs = (key: FixedOption) => JSON.stringify(old[key]) !== JSON.stringify(next[key]);
    const fixed = FIXED_OPTIONS.filter(differs);
    if (fixed.length > 0)
      this.#tell('reload-needs-restart', `${fixed.join(', ')} changed: that needs a restart`);
    return { ...next, listen: old.listen, dataDir: old.dataDir, log: old.log, audit: old.audit };
  }

  #fail(message: string): void {
    this.#deps.onReloaded(false);
    this.#tell('reload-failed', message, 'not reloaded: ');
  }

  #tell(event: string, message: string, prefix = '', fields: object = {}): void {
    this.#deps.log.error(event, { ...fields, message });
    this.#deps.consoleLog(`forkline: ${prefix}${message}`);
  }
}
