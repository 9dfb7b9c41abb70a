/**
 * Remembers what is known of changes of the data: when tables, tags, shapes, or everything were last said to have changed. An entry that is
 * as of an earlier time is stale. Times are those of a clock of its own, which follows the wall clock but never goes back and
 * never says the same time twice, so that a purge beside a query that runs is never lost. Kept in a file over restarts.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../core/logging/log.ts';
import type { ResultFacts } from '../results/entry.ts';
import { type Changed, ChangeTimes, type SavedTimes } from './change-times.ts';

const FILE = 'changes.json';

export class Changes {
  readonly #path: string;
  readonly #log: Log;
  readonly #times = new ChangeTimes();
  #last = 0;
  #lastOfAny = 0;
  /** The connections whose databases tell changes, and are not heard now: anything may have changed there. */
  readonly #unheard = new Set<string>();
  #saving: Promise<void> = Promise.resolve();
  /** The write that has not begun, which will have all changes until then. */
  #nextSave: Promise<void> | null = null;

  constructor(dir: string, log: Log) {
    this.#path = join(dir, FILE);
    this.#log = log;
  }

  /** Returns the time now, by this clock. */
  now(): number {
    this.#last = Math.max(Date.now(), this.#last + 1);
    return this.#last;
  }

  /** The time of the last known change of anything. */
  get lastOfAny(): number {
    return this.#lastOfAny;
  }

  /** Tells a time that this clock has said before a restart. */
  saw(time: number): void {
    if (time > this.#last) this.#last = time;
  }

  /** Reads what an earlier run, or the other generation, knew. With a damaged file everything counts as changed. */
  async load(): Promise<void> {
    try {
      const { last, ...times } = JSON.parse(await readFile(this.#path, 'utf8')) as Saved;
      this.#times.add(times);
      this.saw(last);
      this.#lastOfAny = Math.max(this.#lastOfAny, last);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      this.#log.warn('cache-changes-lost', { message: String(error) });
      this.note({});
    }
  }

  /** Notes a change that has happened. Resolves once it is on disk. */
  mark(changed: Changed): Promise<void> {
    this.note(changed);
    return this.#save();
  }

  /** Says whether changes of a connection are heard. While they are not, and when they are again, everything of it counts as changed. */
  setHeard(connection: string, isHeard: boolean): void {
    if (!isHeard) this.#unheard.add(connection);
    else if (this.#unheard.delete(connection)) this.note({ connection });
  }

  /** Notes a change that needs not to be known after a restart: what was not heard until then counts as changed anyway. */
  note(changed: Changed): void {
    const at = this.now();
    this.#lastOfAny = at;
    this.#times.mark(changed, at);
  }

  /** Returns the time of the last change of what an entry was made from, a possible one included; 0 without one. */
  lastFor(facts: ResultFacts): number {
    if (this.#unheard.size > 0 && facts.connections.some(({ name }) => this.#unheard.has(name)))
      return Math.max(Date.now(), this.#last + 1);
    return this.lastKnownFor(facts);
  }

  /** Returns the time of the last known change of what an entry was made from; 0 without one. */
  lastKnownFor(facts: ResultFacts): number {
    return this.#times.lastFor(facts);
  }

  /** Resolves once everything is on disk. */
  async saved(): Promise<void> {
    await this.#saving;
  }

  /** Writes the file anew, after those that are being written. */
  #save(): Promise<void> {
    if (this.#nextSave !== null) return this.#nextSave;
    const saved = this.#saving.then(async () => {
      this.#nextSave = null;
      const text = JSON.stringify({ last: this.#last, ...this.#times.toSave() } satisfies Saved);
      await writeFile(`${this.#path}.new`, text, { mode: 0o600 });
      await rename(`${this.#path}.new`, this.#path);
    });
    this.#nextSave = saved;
    this.#saving = saved.catch(() => {});
    return saved;
  }
}

interface Saved extends SavedTimes {
  readonly last: number;
}
