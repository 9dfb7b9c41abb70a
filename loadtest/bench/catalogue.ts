/** Every micro-benchmark; each is the module cases/<name>.ts. */
import type { BenchCaseInfo } from './case.ts';

export const BENCH_CASES: readonly BenchCaseInfo[] = [
  { name: 'transcoder', title: 'DataRow of 7 columns to JSON, a row', unit: 'ns', figures: 9, warmUps: 3 },
  {
    name: 'chunk-decoder',
    title: 'binary row of 7 columns to vectors of the engine, a row',
    unit: 'ns',
    figures: 9,
    warmUps: 3,
  },
  { name: 'framing', title: 'reading a frame of 64 KB, cut into pieces', unit: 'ns', figures: 9, warmUps: 3 },
  { name: 'planner', title: 'parsing and planning a query of 5 stages', unit: 'us', figures: 9, warmUps: 3 },
  { name: 'log-line', title: 'making a log line with 4 fields', unit: 'ns', figures: 9, warmUps: 3 },
  { name: 'answer-key', title: 'the key of a kept answer', unit: 'us', figures: 9, warmUps: 3 },
  { name: 'dsl-boot', title: 'boot of a DSL worker, fork to ready', unit: 'ms', figures: 3, warmUps: 1 },
];
