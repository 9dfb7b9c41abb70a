/**
 * Verdicts of one thread for one connection, those of sources kept by text: a source is judged again with each other pipeline
 * behind it. Kept within a budget of characters, the least recently used dropped first. Refusals are not kept.
 */
import type { JudgedSql, SqlJudge } from '../../language/dialects/judge.ts';

const MAX_CHARACTERS = 1024 * 1024;
/** A longer text would push out many others, and takes long to run anyway. */
const MAX_TEXT_CHARACTERS = 64 * 1024;

export class Verdicts {
  readonly #judge: SqlJudge;
  readonly #allowed: readonly string[];
  /** In the order of their latest use. */
  readonly #judged = new Map<string, JudgedSql>();
  #characters = 0;

  /** `allowed`: functions that the connection's configuration allows, `schema.name`. */
  constructor(judge: SqlJudge, allowed: readonly string[]) {
    this.#judge = judge;
    this.#allowed = allowed;
  }

  /** Returns the verdict; throws as `SqlJudge.judge` does. */
  of(sql: string): JudgedSql {
    return this.#judge.judge(sql, this.#allowed);
  }

  /** Returns the verdict as `of` does, and remembers it. */
  kept(sql: string): JudgedSql {
    const known = this.#judged.get(sql);
    if (known !== undefined) {
      this.#judged.delete(sql);
      this.#judged.set(sql, known);
      return known;
    }
    const judged = this.of(sql);
    if (sql.length <= MAX_TEXT_CHARACTERS) this.#keep(sql, judged);
    return judged;
  }

  #keep(sql: string, judged: JudgedSql): void {
    this.#judged.set(sql, judged);
    this.#characters += costOf(sql, judged);
    while (this.#characters > MAX_CHARACTERS) {
      const [oldest, verdict] = this.#judged.entries().next().value!;
      this.#judged.delete(oldest);
      this.#characters -= costOf(oldest, verdict);
    }
  }
}

/** Returns the characters that an entry counts for, with what its list of names takes. */
function costOf(sql: string, { functions }: JudgedSql): number {
  return sql.length + 100 + 100 * functions.length;
}
