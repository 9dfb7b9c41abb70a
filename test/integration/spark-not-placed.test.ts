/**
 * Why calls are not placed in Spark, shown on Apache Spark 4.2 itself: its nearest function has another answer than the stage engine. One that
 * has the same answer by now could be placed, after the oracles of functions and of kinds have tried it.
 */
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import { NOT_PLACED } from '../fixtures/spark-not-placed.ts';
import { ConnectorEngine } from '../oracle/connector-engine.ts';
import { FOR_SHORT_QUERIES, startSpark, type TestSpark } from '../support/spark.ts';
import { openSparkTexts, type SparkTexts } from '../support/spark-texts.ts';

describe('what is not placed in Spark', function () {
  this.timeout(300_000);
  let spark: TestSpark;
  let texts: SparkTexts;
  let engine: ConnectorEngine;
  let instance: DuckDBInstance;

  before(async function () {
    spark = await startSpark(this, FOR_SHORT_QUERIES);
    texts = await openSparkTexts(spark.url);
    instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const duck = await instance.connect();
    await duck.run("SET TimeZone = 'UTC'");
    engine = await ConnectorEngine.open({ kind: 'spark', url: spark.url }, duck);
  });
  after(async () => {
    await engine?.close();
    await texts?.close();
    instance?.closeSync();
    await spark?.stop();
  });

  for (const { reason, values, stage, theirs } of NOT_PLACED)
    it(`${reason}: ${stage} of ${values}`, async () => {
      const plan = await engine.plan(`${values} | ${stage} | fields y`, 'auto');
      expect(plan.stages[0]!.where, plan.stages[0]!.why).to.equal('worker');
      const outcome = await engine.run(plan);
      const ours = outcome.kind === 'rows' ? (outcome.rows[0]?.[0] ?? null) : outcome.kind;
      const inSpark = await texts
        .rows(`with data as (${values}) select to_json(struct(y)) from (${theirs})`)
        .then(
          ([answer]) => jsonOf(answer![0]!),
          () => 'failed',
        );
      expect(plainNumber(inSpark), `Spark answers ${inSpark}, and so does the stage engine`).to.not.equal(
        plainNumber(ours),
      );
      expect(outcome.kind, JSON.stringify(outcome)).to.be.oneOf(['rows', 'failed']);
    });
});

/** Numbers differ by their value, not by how they are written. */
function plainNumber(json: string | null): string | number | null {
  return json === null || json === '' || Number.isNaN(Number(json)) ? json : Number(json);
}

/** Returns the JSON of `y`, and null where there is none. */
function jsonOf(struct: string): string | null {
  return /^\{"y":(.*)\}$/s.exec(struct)?.[1] ?? null;
}
