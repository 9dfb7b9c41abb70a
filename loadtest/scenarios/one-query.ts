/** One query at a time, timed from outside: of several contenders and plain SQL, in turns, each answer checked. */
import type { Contender } from '../contender/contender.ts';
import { bodyOf, type LoadQuery } from '../queries.ts';
import type { ScenarioRecord } from '../record.ts';
import { type Bench, inTurns } from '../scenario.ts';
import { ask } from '../verify.ts';

export const ELAPSED = 'elapsed';

/** Something that is timed: records under `who`. */
export interface Timed {
  readonly who: string;
  /** The number of times in a round; all count. Once when left out. */
  readonly times?: number;
  /** In how many rounds; in all of them when left out. */
  readonly rounds?: number;
  /** Runs no query before the rounds: it takes long, and others have warmed what it needs. */
  readonly cold?: boolean;
  /** Milliseconds. */
  time(): Promise<number>;
}

export function timedQuery(
  bench: Bench,
  record: ScenarioRecord,
  contender: Contender,
  query: LoadQuery,
  what = '',
): Timed {
  const body = bodyOf(query);
  const who = `${contender.label}${what}`;
  return {
    who,
    async time() {
      const answer = await ask(contender.url, body, bench.signal);
      await bench.verifier.check(contender.label, query, answer);
      if (Object.keys(answer.phases).length > 0) record.addPhases(who, answer.phases);
      return answer.ms;
    },
  };
}

export function timedSql(bench: Bench, sql: string): Timed {
  return { who: bench.plainSql.tool, time: () => bench.plainSql.time(sql) };
}

/** Each once to warm up, then in turns. */
export async function timeInTurns(
  bench: Bench,
  record: ScenarioRecord,
  timed: readonly Timed[],
): Promise<void> {
  for (const { who, time, cold = false } of timed) {
    if (cold) continue;
    bench.signal.throwIfAborted();
    bench.progress(`warming up: ${who}`);
    await time();
  }
  await inTurns(
    bench,
    timed,
    ({ who }) => who,
    async ({ who, time, times = 1, rounds = bench.rounds }, round) => {
      if (round >= rounds) return;
      for (let i = 0; i < times; i++) record.add(who, ELAPSED, 'ms', await time());
    },
  );
}

/** The place where each stage ran: `source` or `worker`; empty when the server does not say. */
export async function placementOf(
  bench: Bench,
  { url }: Contender,
  query: LoadQuery,
): Promise<readonly string[]> {
  return (await ask(url, bodyOf(query), bench.signal)).placement;
}
