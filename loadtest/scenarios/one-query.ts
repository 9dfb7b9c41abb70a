/** One query at a time, timed from outside: of several contenders and plain SQL, in turns, each answer checked. */
import type { Contender } from '../contender/contender.ts';
import { bodyOf, type LoadQuery } from '../queries.ts';
import type { ScenarioRecord } from '../record.ts';
import { type Bench, inTurns } from '../scenario.ts';
import { ask, type QueryAnswer } from '../verify.ts';

export const ELAPSED = 'elapsed';

/** Something that is timed: records under `who`. */
export interface Timed {
  readonly who: string;
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

/** Each once to warm up, then in turns; `perRound` of each one after the other, of which all count. */
export async function timeInTurns(
  bench: Bench,
  record: ScenarioRecord,
  timed: readonly Timed[],
  perRound = 1,
): Promise<void> {
  for (const { who, time } of timed) {
    bench.signal.throwIfAborted();
    bench.progress(`warming up: ${who}`);
    await time();
  }
  await inTurns(
    bench,
    timed,
    ({ who }) => who,
    async ({ who, time }) => {
      for (let i = 0; i < perRound; i++) record.add(who, ELAPSED, 'ms', await time());
    },
  );
}

/** Where the stages ran, asked with one query. */
export async function placementOf(bench: Bench, { url }: Contender, query: LoadQuery): Promise<QueryAnswer> {
  return await ask(url, bodyOf(query), bench.signal);
}
