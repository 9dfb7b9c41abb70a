/**
 * The sessions in Spark that a process has begun and not yet ended, as empty files. A process that is killed leaves its files: the next one
 * of the same connection ends those sessions, which Spark would keep for an hour. They lie in `dataDir`, so that this holds for the next run as well.
 *
 * Invariant: a file is there before Spark hears of its session, and is gone after Spark has ended it.
 */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, readBootId, readSample } from '../../core/process/proc.ts';

/** Process, start of the process, boot of the machine, session. */
const NAME = /^(\d+)\.(\d*)\.([0-9a-f-]*)\.([0-9a-f-]{36})$/;

/** Tells this process from one of another run that has the same number. */
const BOOT = readBootId() ?? '';
const OWNER = `${process.pid}.${readSample(process.pid)?.startTicks ?? ''}.${BOOT}`;

export class SessionLedger {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** `stateDir`: a directory that processes share which follow each other. `server`: whose sessions they are. */
  static open(stateDir: string, connection: string, server: string): SessionLedger {
    const name = createHash('sha256').update(`${connection} ${server}`).digest('hex').slice(0, 16);
    const dir = join(stateDir, `spark-${name}`);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return new SessionLedger(dir);
  }

  begin(sessionId: string): void {
    closeSync(openSync(this.#file(sessionId), 'w', 0o600));
  }

  end(sessionId: string): void {
    rmSync(this.#file(sessionId), { force: true });
  }

  /** Returns the sessions of processes that are gone, each to one caller only. */
  takeLeft(): readonly string[] {
    return readdirSync(this.#dir).flatMap((name) => {
      const [, pid, ticks, boot, sessionId] = NAME.exec(name) ?? [];
      if (sessionId === undefined) return [];
      const startTicks = ticks === '' ? null : Number(ticks);
      const lives = boot === BOOT && isAlive({ pid: Number(pid), startTicks });
      return !lives && this.#take(name, sessionId) ? [sessionId] : [];
    });
  }

  /** Makes the file one of this process, so that it stays until Spark has answered. */
  #take(name: string, sessionId: string): boolean {
    this.begin(sessionId);
    try {
      rmSync(join(this.#dir, name));
      return true;
    } catch {
      this.end(sessionId); // another process was faster
      return false;
    }
  }

  #file(sessionId: string): string {
    return join(this.#dir, `${OWNER}.${sessionId}`);
  }
}
