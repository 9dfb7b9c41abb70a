/**
 * `npm run loadtest:readme -- report.json`: writes a whole run into docs/loadtest.json, its chart into
 * docs/loadtest.svg and README.md, and its table of targets into docs/performance.md. Without a report it writes the
 * others from docs/loadtest.json, which is needed after a change of their form.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RunResult } from '../result.ts';
import { chartFile } from './chart-file.ts';
import { type Headline, headlineOf, pictureOf, sectionOf, withSection } from './headline.ts';

const pathOf = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const FIGURES = pathOf('docs/loadtest.json');
const CHART = pathOf('docs/loadtest.svg');

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
  writeSection('README.md', pictureOf(headline));
  writeSection('docs/performance.md', sectionOf(headline));
  writeFileSync(CHART, chartFile(headline.chart));
  writeFileSync(FIGURES, `${JSON.stringify(headline, null, 2)}\n`);
  process.stdout.write('wrote README.md, docs/performance.md, docs/loadtest.svg and docs/loadtest.json\n');
}

function writeSection(name: string, section: string): void {
  writeFileSync(pathOf(name), withSection(name, readFileSync(pathOf(name), 'utf8'), section));
}

/** Returns the content of a file that this load test wrote; its form is not checked. */
function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8'));
}
