/**
 * The sessions in Spark that a process has begun and not yet ended, as empty files. A process that is killed leaves its files: the next one
 * of the same connection ends those sessions, which Spark would keep for an hour.
 *
 * Invariant: a file is there before Spark hears of its session, and is gone after Spark has ended it.
 */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const NAME = /^(\d+)\.([0-9a-f-]{36})$/;

export class SessionLedger {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** `stateDir`: a directory that processes of one run share. */
  static open(stateDir: string, connection: string): SessionLedger {
    const name = createHash('sha256').update(connection).digest('hex').slice(0, 16);
    const dir = join(stateDir, `spark-${name}`);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return new SessionLedger(dir);
  }

  begin(sessionId: string): void {
    closeSync(openSync(this.#file(process.pid, sessionId), 'w', 0o600));
  }

  end(sessionId: string): void {
    rmSync(this.#file(process.pid, sessionId), { force: true });
  }

  /** Returns the sessions of processes that are gone, each to one caller only. */
  takeLeft(): readonly string[] {
    return readdirSync(this.#dir).flatMap((name) => {
      const [, pid, sessionId] = NAME.exec(name) ?? [];
      if (pid === undefined || isAlive(Number(pid)) || !this.#take(name, sessionId!)) return [];
      return [sessionId!];
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

  #file(pid: number, sessionId: string): string {
    return join(this.#dir, `${pid}.${sessionId}`);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM'; // it is there, and not ours
  }
}
