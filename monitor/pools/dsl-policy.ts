/** The rules' numbers for the stock of DSL workers, as the configuration has them. */
import { availableParallelism } from 'node:os';
import type { Config } from '../../core/config/config.ts';
import type { DslPolicy } from './dsl-rules.ts';

export function dslPolicy({ dsl, monitor }: Config): DslPolicy {
  const { spares, max, maxQueriesPerWorker, maxAgeMs, maxRssBytes } = dsl;
  const startConcurrency = Math.max(2, availableParallelism());
  return {
    ...{ spares, max, maxQueriesPerWorker, maxAgeMs, maxRssBytes, startConcurrency },
    deadlineGraceMs: monitor.termAfterMs,
  };
}
