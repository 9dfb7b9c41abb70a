/** Every scenario, in the order of the targets' table. Adding one is a file in scenarios/ and a line here. */
import type { Scenario } from './scenario.ts';
import { againstPolars } from './scenarios/against-polars.ts';
import { cacheHit } from './scenarios/cache-hit.ts';
import { cacheMiss } from './scenarios/cache-miss.ts';
import { coldStart } from './scenarios/cold-start.ts';
import { costPerRow } from './scenarios/cost-per-row.ts';
import { forkPolicies } from './scenarios/fork-policies.ts';
import { idleMemory } from './scenarios/idle-memory.ts';
import { lightOverClients } from './scenarios/light-over-clients.ts';
import { lightUnderHeavy } from './scenarios/light-under-heavy.ts';
import { allColumnsThroughStages, twoColumnsThroughStages } from './scenarios/million-rows.ts';
import { mixedClients } from './scenarios/mixed-clients.ts';
import { pushedDown } from './scenarios/pushed-down.ts';
import { queuedClients } from './scenarios/queued-clients.ts';
import { rowsAsJson } from './scenarios/rows-as-json.ts';
import { singleFlight } from './scenarios/single-flight.ts';
import { slowClient } from './scenarios/slow-client.ts';
import { smallQuery } from './scenarios/small-query.ts';
import { smallQueryDistinct } from './scenarios/small-query-distinct.ts';
import { spark } from './scenarios/spark.ts';
import { timechart } from './scenarios/timechart.ts';
import { warmStages } from './scenarios/warm-stages.ts';

export const SCENARIOS: readonly Scenario[] = [
  smallQuery,
  smallQueryDistinct,
  rowsAsJson,
  allColumnsThroughStages,
  twoColumnsThroughStages,
  pushedDown,
  timechart,
  warmStages,
  againstPolars,
  lightUnderHeavy,
  lightOverClients,
  mixedClients,
  slowClient,
  idleMemory,
  coldStart,
  costPerRow,
  queuedClients,
  forkPolicies,
  cacheHit,
  singleFlight,
  cacheMiss,
  spark,
];
