/**
 * How much the heap may grow before V8 marks all of it. Rows of Spark's come in memory outside of the heap, which V8 counts with it: beside a heap
 * of 20 MB it marks everything again for every eight megabytes that come, nearly all of which are given up at once. That took half of the time in
 * which a SQL worker reads rows (docs/decisions/0088).
 */
import { setFlagsFromString } from 'node:v8';

/** Percents of what lived at the last marking. V8 itself chooses up to 300, by how fast it marks. */
const GROWTH_PERCENT = 200;

let isSet = false;

/** Lets this process's heap grow, from the first connection to a Spark on. V8 reads the flag whenever it has marked. */
export function letHeapGrow(): void {
  if (isSet) return;
  isSet = true;
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
