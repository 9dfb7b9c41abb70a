/** One micro-benchmark in a process of its own: `node run-case.js NAME` prints a CaseReport as one line of JSON. */

import type { CaseReport, OpenCase } from './case.ts';
import { BENCH_CASES } from './catalogue.ts';

const info = BENCH_CASES.find(({ name }) => name === process.argv[2]);
if (info === undefined) throw new Error(`there is no case ${process.argv[2]}`);
const { open } = (await import(`./cases/${info.name}.js`)) as { open: OpenCase };
const opened = await open();
const values: number[] = [];
for (let i = 0; i < info.warmUps + info.figures; i++) {
  const value = await opened.measure();
  if (i >= info.warmUps) values.push(value);
}
await opened.close?.();
process.stdout.write(`${JSON.stringify({ name: info.name, values } satisfies CaseReport)}\n`);
