/**
 * Hears what other Forklines say has changed, by a stream in Redis that all of them read to its end. The ids of a stream only grow, whatever
 * clocks the Forklines have: so each answer that is shared carries the number of the last change that was known when its query began.
 *
 *   away --connected--> catching up --read to its end--> current --connection lost--> away
 *
 * While it is not current nothing is shared. Changes that could not be told are told before it is current again.
 */
import type { Log } from '../../core/logging/log.ts';
import { type Changed, ChangeTimes } from '../cache/change-times.ts';
import type { ResultFacts } from '../results/entry.ts';
import type { RedisLink } from './redis-link.ts';

export interface ChangeStreamDeps {
  /** For short commands. */
  readonly link: RedisLink;
  /** For a read that waits for something new. */
  readonly waiting: RedisLink;
  readonly log: Log;
  /** Takes what another Forkline said. */
  onChange(changed: Changed): void;
}

const STREAM = 'forkline:changes';
const MOST_CHANGES = '100000';
const READ_AT_ONCE = '1000';
const WAIT_MS = 1000;
/** More than Redis needs to answer a read that has waited. */
const SLACK_MS = 3000;
const SHORT_MS = 3000;
const RETRY_MS = 250;
/** With more that could not be told, everything counts as changed. */
const MOST_UNTOLD = 1000;
const PER_MS = 1024;

export class ChangeStream {
  readonly #deps: ChangeStreamDeps;
  readonly #times = new ChangeTimes();
  #lastId = '0-0';
  /** The number of the oldest change of the stream: what is as of an earlier one may have missed some. */
  #oldest = Number.POSITIVE_INFINITY;
  #isCurrent = false;
  #isClosed = false;
  #reading: Promise<void> | null = null;
  #untold: Changed[] = [];

  constructor(deps: ChangeStreamDeps) {
    this.#deps = deps;
  }

  /** The number of the last change; null while that is not known. */
  get last(): number | null {
    return this.#isCurrent ? numberOf(this.#lastId) : null;
  }

  /** Tells whether an answer that is as of a change is still right. */
  isRight(facts: ResultFacts, asOf: number): boolean {
    return this.#isCurrent && asOf >= this.#oldest && this.#times.lastFor(facts) <= asOf;
  }

  /** Tells the others, now or when Redis is there again. Resolves to whether they are told. */
  async tell(changed: Changed): Promise<boolean> {
    this.#untold.push(changed);
    if (this.#untold.length > MOST_UNTOLD) this.#untold = [{}];
    try {
      await this.#tellAll();
      return true;
    } catch (error) {
      this.#isCurrent = false;
      this.#deps.log.warn('cache-change-untold', { message: String(error) });
      return false;
    }
  }

  /** Tells whether nothing has changed behind the last change that is known here. Rejects as commands do. */
  async isLatest(): Promise<boolean> {
    const args = ['XREVRANGE', STREAM, '+', '-', 'COUNT', '1'];
    const [newest] = (await this.#deps.link.send(args)) as Entries;
    return newest !== undefined && String(newest[0]) === this.#lastId;
  }

  start(): void {
    const lost = (): void => {
      this.#isCurrent = false;
    };
    this.#deps.link.open(() => {}, lost);
    this.#deps.waiting.open(() => {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = null;
      });
    }, lost);
  }

  close(): void {
    this.#isClosed = true;
    this.#isCurrent = false;
  }

  async #read(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#tellAll();
        await this.#findOldest();
        while (await this.#take([])) await Promise.resolve();
        for (;;) {
          this.#isCurrent = this.#untold.length === 0;
          if (!this.#isCurrent) await this.#tellAll();
          await this.#take(['BLOCK', String(WAIT_MS)]);
          if (this.#isClosed) return;
          await this.#findOldest(); // somebody may have emptied Redis
        }
      } catch {
        this.#isCurrent = false;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }

  /** A stream that is not there is begun: what was shared before is not known to be right. */
  async #findOldest(): Promise<void> {
    const { link } = this.#deps;
    const oldest = async () =>
      (await link.send(['XRANGE', STREAM, '-', '+', 'COUNT', '1'], SHORT_MS)) as Entries;
    let [first] = await oldest();
    if (first === undefined) {
      await this.#add('{"begun":true}');
      [first] = await oldest();
    }
    this.#oldest = first === undefined ? Number.POSITIVE_INFINITY : numberOf(String(first[0]));
  }

  /** Reads what is new. Resolves to whether there was something. */
  async #take(wait: readonly string[]): Promise<boolean> {
    const args = ['XREAD', 'COUNT', READ_AT_ONCE, ...wait, 'STREAMS', STREAM, this.#lastId];
    const timeoutMs = wait.length === 0 ? SHORT_MS : WAIT_MS + SLACK_MS;
    const reply = (await this.#deps.waiting.send(args, timeoutMs)) as readonly [Buffer, Entries][] | null;
    const entries = reply?.[0]?.[1] ?? [];
    for (const [id, [, text]] of entries) {
      this.#lastId = String(id);
      this.#changed(changeOf(String(text)));
    }
    return entries.length > 0;
  }

  #changed(changed: Changed | null): void {
    if (changed === null) return;
    this.#times.mark(changed, numberOf(this.#lastId));
    this.#deps.onChange(changed);
  }

  async #tellAll(): Promise<void> {
    while (this.#untold.length > 0) {
      const next = this.#untold[0]!;
      await this.#add(JSON.stringify({ changed: next }));
      if (this.#untold[0] === next) this.#untold.shift();
    }
  }

  async #add(text: string): Promise<void> {
    await this.#deps.link.send(['XADD', STREAM, 'MAXLEN', '~', MOST_CHANGES, '*', 'c', text], SHORT_MS);
  }
}

type Entries = readonly (readonly [id: Buffer, fields: readonly Buffer[]])[];

/** Returns what an entry of the stream says; null for one that says nothing, everything for one that cannot be read. */
function changeOf(text: string): Changed | null {
  try {
    const { changed, begun } = JSON.parse(text) as { readonly changed?: Changed; readonly begun?: boolean };
    if (begun === true) return null;
    return changed ?? {};
  } catch {
    return {};
  }
}

/** Returns a number for an id `<ms>-<count>`; ids of one millisecond past the first thousand share one. */
function numberOf(id: string): number {
  const [ms, count] = id.split('-').map(Number) as [number, number];
  return ms * PER_MS + Math.min(count, PER_MS - 1);
}
