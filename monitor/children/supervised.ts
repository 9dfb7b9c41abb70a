/**
 * Keeps one process alive: the logger, the server, or one SQL worker. A new one is started whenever it dies.
 *
 *   idle --start--> running --child gone--> waiting (brake) --> running
 *   any --stop, kill--> ended: nothing is started any more
 */
import type { Log } from '../../core/logging/log.ts';
import type { Ending } from '../../core/protocol/endings.ts';
import type { FromChild } from '../../core/protocol/monitor.ts';
import type { Brake } from './brake.ts';
import { type ChildEnd, type ChildEvents, describeEnd, type ManagedChild } from './managed-child.ts';

export interface SupervisedOptions {
  readonly brake: Brake;
  readonly log: Log;
  launch(events: ChildEvents): ManagedChild;
  onReady(child: ManagedChild): void;
  onMessage(child: ManagedChild, message: FromChild): void;
  /** Called before the process is started again; not after `stop` or `kill`. */
  onLost(child: ManagedChild, end: ChildEnd): void;
  /** Called after every end, also after `stop` or `kill`. */
  onGone(child: ManagedChild): void;
}

export class Supervised {
  readonly #options: SupervisedOptions;
  #child: ManagedChild | null = null;
  #timer: NodeJS.Timeout | null = null;
  #ended = false;

  constructor(options: SupervisedOptions) {
    this.#options = options;
  }

  get child(): ManagedChild | null {
    return this.#child;
  }

  get readyChild(): ManagedChild | null {
    return this.#child?.phase === 'ready' ? this.#child : null;
  }

  start(): void {
    if (this.#ended || this.#child !== null) return;
    const { onReady, onMessage } = this.#options;
    this.#child = this.#options.launch({
      onReady,
      onMessage,
      onGone: (child, end) => this.#onGone(child, end),
    });
  }

  /** Lets the child finish; resolves when it is gone. */
  async stop(
    graceMs: number,
    ending: Ending,
    how: { readonly patienceMs?: number; readonly successor?: boolean } = {},
  ): Promise<void> {
    this.#end();
    this.#child?.stop(graceMs, ending, how);
    await this.#child?.gone;
  }

  /** Kills the child at once; resolves when it is gone. */
  async kill(ending: Ending): Promise<void> {
    this.#end();
    this.#child?.kill(ending, true);
    await this.#child?.gone;
  }

  #end(): void {
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #onGone(child: ManagedChild, end: ChildEnd): void {
    this.#child = null;
    const { brake, log } = this.#options;
    const fields = { workerId: child.workerId, childPid: child.pid, how: describeEnd(end) };
    if (this.#ended) log.info('child-ended', fields);
    else {
      log.error('child-lost', fields);
      if (end.early && end.decided === null) brake.fail();
      this.#options.onLost(child, end);
    }
    this.#options.onGone(child);
    this.#startLater();
  }

  #startLater(): void {
    if (this.#ended) return;
    const waitMs = this.#options.brake.waitMs();
    if (waitMs > 0) this.#options.log.warn('crash-brake', { waitMs: Math.round(waitMs) });
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.start();
    }, waitMs);
  }
}
