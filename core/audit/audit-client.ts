/**
 * The way of audit records to the logger: as log lines, with the same promises (core/logging/client.ts), but each is sent in the turn
 * of its making, so that a process that is killed takes none with it that it could have answered for, and a writer can wait until
 * its record is on the disk. Records are never left out by a level.
 */

import { Backlog } from '../logging/backlog.ts';
import { doAtExit, type LogIdentity, MAX_BUFFERED_CHARACTERS, MAX_SPILLED_BYTES } from '../logging/client.ts';
import { newStreamId } from '../logging/line.ts';
import { Link } from '../logging/link.ts';
import { rawDirOf } from '../logging/spill.ts';
import { AUDIT_ROLE } from '../protocol/audit-config.ts';

interface Waiter {
  readonly seq: number;
  readonly resolve: (isWritten: boolean) => void;
}

export class AuditClient {
  readonly #backlog: Backlog;
  readonly #link: Link;
  /** In the order of their seqs. */
  #waiters: Waiter[] = [];
  /** When each record was made that is not yet known to be written: the oldest one first, by its seq. */
  #oldest: { readonly seq: number; readonly atMs: number } | null = null;
  #poked = false;
  #onEmpty: (() => void) | null = null;

  constructor({ workerId, runDir, logSocket }: LogIdentity) {
    const source = { process: workerId, role: AUDIT_ROLE, pid: process.pid, stream: newStreamId() };
    this.#backlog = new Backlog({
      source,
      rawDir: rawDirOf(runDir),
      maxCharacters: MAX_BUFFERED_CHARACTERS,
      maxSpilledBytes: MAX_SPILLED_BYTES,
    });
    const { queue } = this.#backlog;
    this.#link = new Link({
      socketPath: logSocket,
      hello: (id) => ({ type: 'hello', id, ...source }),
      onWritten: (seq) => this.#onWritten(seq),
      onFlowing: () => {
        queue.rewind();
        this.#backlog.reportDropped();
      },
      takeUnsent: (maxCharacters) => queue.takeUnsent(maxCharacters),
    });
    doAtExit(() => this.#spillRest());
  }

  /** Writes a record and returns its number among this process's records. */
  write(event: string, fields: object): number {
    const { queue } = this.#backlog;
    const seq = queue.nextSeq;
    this.#oldest ??= { seq, atMs: performance.now() };
    if (this.#backlog.add('info', event, fields)) this.#link.greet();
    if (!this.#poked) {
      this.#poked = true;
      queueMicrotask(() => {
        this.#poked = false;
        this.#link.poke();
      });
    }
    return seq;
  }

  /** Resolves with true once the record is on the disk; with false when it is not after `waitMs`. */
  written(seq: number, waitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        seq,
        resolve: (isWritten) => {
          clearTimeout(timer);
          resolve(isWritten);
        },
      };
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(false);
      }, waitMs);
      this.#waiters.push(waiter);
    });
  }

  /** For how long the oldest record waits that is not known to be on the disk; 0: there is none. */
  get waitingMs(): number {
    return this.#oldest === null ? 0 : performance.now() - this.#oldest.atMs;
  }

  async close(timeoutMs: number): Promise<void> {
    if (!this.#backlog.isEmpty) {
      this.#link.hold();
      this.#link.poke();
      await this.#whenEmpty(timeoutMs);
    }
    this.#link.shut();
    this.#spillRest();
  }

  #onWritten(seq: number): void {
    const { queue } = this.#backlog;
    queue.acknowledge(seq);
    if (this.#oldest !== null && seq >= this.#oldest.seq)
      this.#oldest = this.#backlog.isEmpty ? null : { seq: queue.firstSeq, atMs: performance.now() };
    while (this.#waiters.length > 0 && this.#waiters[0]!.seq <= seq) this.#waiters.shift()!.resolve(true);
    if (this.#backlog.isEmpty) this.#onEmpty?.();
  }

  #whenEmpty(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #spillRest(): void {
    this.#backlog.reportDropped();
    this.#backlog.spill(true);
  }
}
