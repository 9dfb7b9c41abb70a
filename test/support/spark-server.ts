/**
 * `npm run spark -- [--usual]`: one Apache Spark for several test runs. Prints its URL once it answers queries, which tests
 * take from FORKLINE_SPARK_RUNNING, and ends with this process. `--usual`: with Spark's own settings, for measurements; without, with those that
 * make many short queries fast.
 */
import { once } from 'node:events';
import { FOR_SHORT_QUERIES, startSpark } from './spark.ts';

const skip = (): never => {
  throw new Error('there is no Apache Spark here, as said above');
};
const settings = process.argv.includes('--usual') ? {} : FOR_SHORT_QUERIES;
const spark = await startSpark({ skip }, settings);
console.log(spark.url);
const alive = setInterval(() => {}, 1 << 30);
await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
clearInterval(alive);
await spark.stop();
