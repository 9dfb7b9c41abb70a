/** The result of a load test: the shape of its JSON file, from which terminal table and HTML report are made. */
import type { RoleUse } from './measure/resources.ts';

export type Bound = 'at-least' | 'at-most';

/** One target and what was measured for it. */
export interface Check {
  readonly what: string;
  readonly target: string;
  /** NaN (null in the file) when it could not be measured: then it is missed. */
  readonly value: number;
  /** `x` of ratios, else `ms`, `s`, `MB`. */
  readonly unit: string;
  readonly bound: Bound;
  readonly limit: number;
  /** The figures that the value was made of, for people. */
  readonly measured: string;
  readonly held: boolean;
}

/** All values of one measurement, in the order in which they were taken. */
export interface Series {
  readonly who: string;
  readonly what: string;
  readonly unit: string;
  readonly values: readonly number[];
}

export interface ResourceFigures {
  readonly who: string;
  readonly during: string;
  readonly roles: readonly RoleUse[];
  readonly loopLagP99Ms: number | null;
  readonly loopLagMaxMs: number | null;
}

export interface Line {
  readonly who: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export type Chart =
  /** Latency in ms over percentile. */
  | { readonly type: 'percentiles'; readonly title: string; readonly lines: readonly Line[] }
  /** Answers a second over connections. */
  | { readonly type: 'concurrency'; readonly title: string; readonly lines: readonly Line[] }
  /** Latency in ms over clients. */
  | { readonly type: 'latency'; readonly title: string; readonly lines: readonly Line[] }
  /** Latency in ms of each query over seconds. */
  | { readonly type: 'timeline'; readonly title: string; readonly lines: readonly Line[] }
  /** Microseconds for each row over rows. */
  | { readonly type: 'cost'; readonly title: string; readonly lines: readonly Line[] }
  /** Milliseconds by phase. */
  | { readonly type: 'phases'; readonly title: string; readonly bars: readonly PhaseBar[] };

export interface PhaseBar {
  readonly label: string;
  readonly phases: readonly { readonly phase: string; readonly ms: number }[];
}

export type ScenarioState = 'done' | 'failed' | 'interrupted' | 'skipped';

export interface ScenarioResult {
  readonly name: string;
  /** The row of the targets' table. */
  readonly title: string;
  readonly state: ScenarioState;
  /** Why it failed or was skipped. */
  readonly reason: string | null;
  readonly checks: readonly Check[];
  readonly series: readonly Series[];
  readonly resources: readonly ResourceFigures[];
  readonly charts: readonly Chart[];
  readonly notes: readonly string[];
  readonly seconds: number;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly postgres: string;
  readonly commit: string;
  /** 1 minute, at the start: what else the machine had to do. */
  readonly loadAverage: number;
}

export interface RunSettings {
  readonly quick: boolean;
  readonly rounds: number;
  readonly durationMs: number;
  readonly rows: number;
  readonly against: string | null;
  readonly database: 'embedded' | 'given';
  /** With what COPY and plain SQL were timed. */
  readonly plainSqlTool: string;
}

export interface RunResult {
  readonly startedAt: string;
  readonly seconds: number;
  /** The way in which it ended before its end, if it did. */
  readonly interrupted: string | null;
  readonly machine: Machine;
  readonly settings: RunSettings;
  readonly scenarios: readonly ScenarioResult[];
}

/** Nothing was missed, and nothing left out that was asked for. */
export function isHeld(result: RunResult): boolean {
  return result.interrupted === null && result.scenarios.every(isScenarioHeld);
}

export function isScenarioHeld({ state, checks }: ScenarioResult): boolean {
  return (state === 'done' || state === 'skipped') && checks.every(({ held }) => held);
}
