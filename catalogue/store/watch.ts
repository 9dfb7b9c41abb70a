/**
 * Hears of changes: by NOTIFY at once, and by asking for the revision once in a while for what was missed (a lost session, a
 * pooler that drops notifications). Whoever listens is told which keys changed, and told when nothing is certain.
 */
import type pg from 'pg';
import type { Store } from './store.ts';

export const CHANNEL = 'forkline_catalogue';

/** Changes reach a server within this time even without notifications. */
const CHECK_MS = 800;
const RETRY_MS = 1000;

export interface ChangeListener {
  changed(key: string): void;
  /** The changes are heard of from now on. */
  heard(): void;
  /** Changes may have been missed. */
  lost(): void;
}

interface CheckedRow {
  readonly table: number;
  readonly now: string;
  /** null: there is no change. */
  readonly revision: string | null;
  readonly key: string | null;
}

export class Watch {
  readonly #store: Store;
  readonly #listener: ChangeListener;
  #revision = -1;
  /** The table that the revision is of: another one after a backup was restored. */
  #table = 0;
  #session: pg.Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  #checking: Promise<void> | null = null;

  constructor(store: Store, listener: ChangeListener) {
    this.#store = store;
    this.#listener = listener;
    void this.#open();
  }

  async #open(): Promise<void> {
    this.#timer = null;
    try {
      const session = await this.#store.session();
      this.#session = session;
      session.on('error', () => this.#lose(session));
      session.on('end', () => this.#lose(session));
      session.on('notification', ({ payload = '' }) => this.#notified(payload));
      await session.query(`listen ${CHANNEL}`);
      const { rows } = await session.query<{ table: number; revision: string }>(
        'select tableoid as table, revision from state',
      );
      this.#table = rows[0]!.table;
      this.#revision = Number(rows[0]!.revision);
      if (this.#closed) return await session.end();
      this.#listener.heard();
      this.#again(CHECK_MS, () => this.#check(session));
    } catch {
      // Whoever asks the store is told; here it is only tried again.
      if (this.#session === null) this.#again(RETRY_MS, () => this.#open());
      else this.#lose(this.#session);
    }
  }

  #again(ms: number, work: () => Promise<void>): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#checking = work();
    }, ms);
    this.#timer.unref();
  }

  #lose(session: pg.Client): void {
    if (this.#session !== session) return;
    this.#session = null;
    this.#listener.lost();
    if (this.#timer !== null) clearTimeout(this.#timer);
    void session.end().catch(() => {});
    this.#again(RETRY_MS, () => this.#open());
  }

  /** `<revision> <key>` */
  #notified(payload: string): void {
    const [, revision, key] = /^(\d+) (.*)$/s.exec(payload) ?? [];
    if (key === undefined) return;
    this.#listener.changed(key);
    // A gap is filled by the next check, which asks from the last number that has none before it.
    if (Number(revision) === this.#revision + 1) this.#revision++;
  }

  async #check(session: pg.Client): Promise<void> {
    try {
      const { rows } = await session.query<CheckedRow>(
        `select s.tableoid as table, s.revision as now, c.revision, c.key
         from state s left join change c on c.revision > $1 order by c.revision`,
        [this.#revision],
      );
      const { table, now } = rows[0]!;
      // A backup was restored: nothing that was known counts any more.
      if (table !== this.#table || Number(now) < this.#revision) return this.#lose(session);
      for (const { revision, key } of rows) {
        if (revision === null) continue;
        this.#listener.changed(key!);
        this.#revision = Number(revision);
      }
      this.#again(CHECK_MS, () => this.#check(session));
    } catch {
      this.#lose(session);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#checking;
    const session = this.#session;
    this.#session = null;
    await session?.end().catch(() => {});
  }
}
