/** A scenario: one row of the targets' table, what it needs, and how it is measured. */
import type { Children } from './children.ts';
import type { Contender, ContenderName } from './contender/contender.ts';
import type { PlainSql } from './limit/plain-sql.ts';
import type {
  BareLoadResult,
  BareLoadSpec,
  LoadResult,
  LoadSpec,
  SlowReadResult,
  SlowReadSpec,
} from './load/messages.ts';
import type { ScenarioRecord } from './record.ts';
import type { Verifier } from './verify.ts';

export interface Scenario {
  /** The name for --scenario. */
  readonly name: string;
  /** The row of the targets' table. */
  readonly title: string;
  /** The text of --list about how it is measured. */
  readonly how: string;
  readonly needs: {
    readonly contenders: readonly ContenderName[];
    /** Tables of several sizes. */
    readonly sizes?: boolean;
    /** Starts servers of its own: makes no sense against one that runs already. */
    readonly ownServers?: boolean;
    /** A Spark that runs already, which FORKLINE_SPARK_RUNNING names. */
    readonly spark?: boolean;
  };
  run(bench: Bench, record: ScenarioRecord): Promise<void>;
}

/** The tools that scenarios work with. */
export interface Bench {
  readonly rows: number;
  /** The number of times that each figure is taken; the median counts. */
  readonly rounds: number;
  /** Duration of one measured load. */
  readonly durationMs: number;
  readonly quick: boolean;
  readonly databaseUrl: string;
  /** PATH, for servers that are started. */
  readonly path: string | undefined;
  readonly children: Children;
  readonly plainSql: PlainSql;
  readonly verifier: Verifier;
  /** Fires when the run is interrupted or its time is up. */
  readonly signal: AbortSignal;
  /** Throws when the scenario did not say that it needs this one. */
  contender(name: ContenderName): Contender;
  load(spec: Omit<LoadSpec, 'timeoutMs'>): Promise<LoadResult>;
  loadBare(spec: BareLoadSpec): Promise<BareLoadResult>;
  readSlowly(spec: SlowReadSpec): Promise<SlowReadResult>;
  /** The line that is shown while it runs. */
  progress(text: string): void;
}

/** For what takes long: a quick run does it once. */
export function onceIfQuick(bench: Bench): Bench {
  return bench.quick ? atMostRounds(bench, 1) : bench;
}

/** For what no target hangs on: fewer rounds. */
export function atMostRounds(bench: Bench, rounds: number): Bench {
  return { ...bench, rounds: Math.min(rounds, bench.rounds) };
}

/** Runs `work` for each round and each of `whos`, in turns, the order changing from round to round. */
export async function inTurns<T>(
  bench: Pick<Bench, 'rounds' | 'signal' | 'progress'>,
  whos: readonly T[],
  labelOf: (who: T) => string,
  work: (who: T, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < bench.rounds; round++) {
    for (const who of round % 2 === 0 ? whos : whos.toReversed()) {
      bench.signal.throwIfAborted();
      bench.progress(`round ${round + 1} of ${bench.rounds}: ${labelOf(who)}`);
      await work(who, round);
    }
  }
}
