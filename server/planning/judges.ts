/**
 * The judges of a planner thread: the SQL for each connection is judged by the dialect of its database and by the functions that
 * its configuration allows.
 */
import type { Judge } from '../../core/protocol/plan.ts';
import type { SqlJudge } from '../../language/dialects/judge.ts';
import type { Lexical } from '../../language/dialects/lexical.ts';
import { judgeOf, sourceDialect } from '../../language/dialects/registry.ts';
import { dialectAt } from '../../language/source/connections.ts';
import type { KnownConnections } from './known-connections.ts';
import { mapToQuery } from './source-sql.ts';
import { Verdicts } from './verdicts.ts';

interface JudgedConnection {
  readonly judge: SqlJudge;
  readonly lexical: Lexical;
  readonly verdicts: Verdicts;
}

export class Judges {
  readonly #connections: KnownConnections;
  readonly #judged = new Map<string, JudgedConnection>();
  /** The judge of each dialect that the connections have. */
  #judges: readonly SqlJudge[];

  constructor(connections: KnownConnections) {
    this.#connections = connections;
    this.#judges = judgesOf(connections);
  }

  /** Forgets all verdicts: other functions may be allowed, and a name may be that of another database. */
  forget(): void {
    this.#judged.clear();
    this.#judges = judgesOf(this.#connections);
  }

  /** Resolves when SQL for every connection can be judged; null when it can be already, so that nothing is awaited. */
  loading(): Promise<unknown> | null {
    if (this.#judges.every((judge) => judge.isReady())) return null;
    return Promise.all(this.#judges.map((judge) => judge.load()));
  }

  /** Returns the judge of the SQL in `text`, whose errors point into it. */
  judgeIn(text: string): Judge {
    return (connection, bound, feedsStages, composed = text) => {
      const { judge, lexical, verdicts } = this.#of(connection);
      try {
        // SQL alone is kept with its plan; that of a source is judged again with each other pipeline behind it.
        const { copyable, functions } = feedsStages ? verdicts.kept(bound.sql) : verdicts.of(bound.sql);
        if (feedsStages && !copyable) throw judge.refuseStages();
        return functions;
      } catch (thrown) {
        throw mapToQuery(thrown, bound, composed, lexical);
      }
    };
  }

  /** Returns the judge of a connection's SQL. */
  of(connection: string): SqlJudge {
    return this.#of(connection).judge;
  }

  #of(connection: string): JudgedConnection {
    const known = this.#judged.get(connection);
    if (known !== undefined) return known;
    const name = dialectAt(this.#connections.dialects, connection, null);
    const judge = judgeOf(name);
    const verdicts = new Verdicts(judge, this.#connections.allowedFunctions(connection));
    const made = { judge, lexical: sourceDialect(name).lexical, verdicts };
    this.#judged.set(connection, made);
    return made;
  }
}

function judgesOf({ dialects }: KnownConnections): readonly SqlJudge[] {
  return [...new Set(Object.values(dialects))].map(judgeOf);
}
