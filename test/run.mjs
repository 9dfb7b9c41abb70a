/**
 * Runs every test and ends with one plain line, `N passed, N failed` (and `, N skipped` when some were), from mocha's
 * own counts. The exit code is 0 only when tests ran, none failed, and every process ended by itself. Four processes
 * run the spec files side by side (support/lanes.mjs).
 *
 *   node test/run.mjs [--quick] [--lanes N] [--times] [mocha's options] [spec files]
 *
 * --quick runs the unit tests and those of the others that tell most. The ten files that took longest are
 * printed, and with --times all of them, with the processor's seconds that they and what they started took.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import collectFiles from 'mocha/lib/cli/collect-files.cjs';
import { countsText, Lanes } from './support/lanes.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const kinds = ['fault', 'integration', 'attack', 'regression', 'budget', 'unit'];
/** Twice the usual two cores, since most files wait for timers and other processes half of their time. */
const LANES = 4;
/** The seconds that the longest files took, by their paths: those are begun first, and what is short fills the lanes up at the end. */
const LONG_FILES = join(root, 'test/support/long-files.json');
/** The number of files whose times are printed. */
const MOST_TIMES = 10;
const quick = [
  ...['limits', 'sources', 'sql-worker', 'placement', 'api', 'query', 'bad-input', 'row-stages'].map(
    (name) => `test/integration/${name}.test.ts`,
  ),
  'test/regression/wrong-answers.test.ts',
  'test/unit/**/*.test.ts',
];

process.exitCode = await main(process.argv.slice(2));

async function main(given) {
  const { args, isQuick, showsTimes, laneCount } = readArguments(given);
  const named = args.filter((arg) => arg.endsWith('.test.ts'));
  const specs = named.length > 0 ? named : isQuick ? quick : allSpecs();
  const { files, unmatched } = filesOf(specs);
  const lanes = new Lanes(
    longestFirst(files),
    args.filter((arg) => !named.includes(arg)),
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => lanes.kill(signal));
  await lanes.run(laneCount);
  printTimes(lanes.times, showsTimes ? lanes.times.size : MOST_TIMES);
  const { counts } = lanes;
  counts.failed += unmatched;
  if (counts.passed + counts.failed === 0) console.log('no test ran');
  console.log(countsText(counts));
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}

function readArguments(given) {
  const args = [...given];
  const take = (flag, length) => {
    const at = args.indexOf(flag);
    return at < 0 ? null : args.splice(at, length).at(-1);
  };
  return {
    isQuick: take('--quick', 1) !== null,
    showsTimes: take('--times', 1) !== null,
    laneCount: Number(take('--lanes', 2) ?? LANES),
    args,
  };
}

function allSpecs() {
  const present = kinds.filter((kind) => existsSync(join(root, 'test', kind)));
  return present.map((kind) => `test/${kind}/**/*.test.ts`);
}

/** Returns the files of all names and patterns; those that match nothing, of which mocha warns, are counted. */
function filesOf(specs) {
  process.chdir(root);
  const options = {
    extension: ['ts'],
    ignore: [],
    file: [],
    recursive: false,
    sort: false,
    allowEmpty: true,
  };
  const found = specs.map((spec) => collectFiles({ ...options, spec: [spec] }).files);
  return { files: [...new Set(found.flat())], unmatched: found.filter((files) => files.length === 0).length };
}

/** Returns the files with the longest first; the others stay in their order. */
function longestFirst(files) {
  const seconds = JSON.parse(readFileSync(LONG_FILES, 'utf8'));
  const secondsOf = (file) => seconds[relative(root, file)] ?? 0;
  return [...files].sort((a, b) => secondsOf(b) - secondsOf(a));
}

function printTimes(times, most) {
  const slowestFirst = [...times].sort(([, a], [, b]) => b.ms - a.ms).slice(0, most);
  for (const [file, { ms, cpuSeconds }] of slowestFirst)
    console.log(`${columnOf(ms / 1000)} s, ${columnOf(cpuSeconds)} s of a processor  ${file}`);
  const all = [...times.values()].reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  console.log(`${columnOf(all)} s of a processor in ${times.size} files`);
}

function columnOf(seconds) {
  return seconds.toFixed(1).padStart(6);
}
