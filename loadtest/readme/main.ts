/**
 * `npm run loadtest:readme -- report.json`: writes table and chart of a whole run into README.md, docs/loadtest.svg and
 * docs/loadtest.json. Without a report it writes the first two anew from the third, after a change of their form.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RunResult } from '../result.ts';
import { chartFile } from './chart-file.ts';
import { type Headline, headlineOf, sectionOf, withSection } from './headline.ts';

const file = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const FIGURES = file('docs/loadtest.json');
const CHART = file('docs/loadtest.svg');
const README = file('README.md');

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  try {
    const [report] = args;
    if (args.length > 1) throw new Error('usage: npm run loadtest:readme -- [report.json]');
    write(report === undefined ? readJson<Headline>(FIGURES) : headlineOf(readJson<RunResult>(report)));
    return 0;
  } catch (error) {
    process.stderr.write(`loadtest:readme: ${(error as Error).message}\n`);
    return 2;
  }
}

function write(headline: Headline): void {
  const readme = withSection(readFileSync(README, 'utf8'), sectionOf(headline));
  writeFileSync(README, readme);
  writeFileSync(CHART, chartFile(headline.chart));
  writeFileSync(FIGURES, `${JSON.stringify(headline, null, 2)}\n`);
  process.stdout.write('wrote README.md, docs/loadtest.svg and docs/loadtest.json\n');
}

/** It was written by this load test; what is not is found out when something of it is missing. */
function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8'));
}
