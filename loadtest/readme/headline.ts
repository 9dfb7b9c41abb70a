/**
 * The parts of documents that show a load test: one chart in README, the table of targets in docs/performance.md. Both
 * are made from a part of report.json that is kept in the repository (docs/loadtest.json), so that every figure can be
 * traced to a run, and a test can see that nobody wrote one in by hand.
 */

import { SCENARIOS } from '../catalogue.ts';
import { figureWithUnit } from '../report/text.ts';
import type { Chart, Check, RunResult } from '../result.ts';

const MARK = '<!-- loadtest: written by npm run loadtest:readme -- report.json -->';
const END = '<!-- end of loadtest -->';
const CHART_SCENARIO = 'light-over-clients';
const WITHOUT_TARGET: readonly string[] = [CHART_SCENARIO, 'fork-policies', 'small-query-distinct', 'spark'];

/** The part of a report that the documents are made from. */
export type Headline = Pick<RunResult, 'startedAt' | 'seconds' | 'interrupted' | 'machine' | 'settings'> & {
  readonly scenarios: readonly HeadlineScenario[];
  readonly chart: LatencyChart;
};

export type LatencyChart = Extract<Chart, { type: 'latency' }>;
type HeadlineScenario = Pick<
  RunResult['scenarios'][number],
  'name' | 'title' | 'state' | 'reason' | 'checks'
>;

/** Throws an Error that says what is missing when the documents cannot be made from this report. */
export function headlineOf(result: RunResult): Headline {
  const { startedAt, seconds, interrupted, machine, settings } = result;
  if (settings.quick) throw new Error('this is the report of a quick run, which is indicative only');
  if (interrupted !== null) throw new Error(`this run ended early: ${interrupted}`);
  const chart = result.scenarios
    .find(({ name }) => name === CHART_SCENARIO)
    ?.charts.find((found): found is LatencyChart => found.type === 'latency');
  if (chart === undefined) throw new Error(`there is no chart in it: run the scenario ${CHART_SCENARIO} too`);
  const scenarios = result.scenarios
    .filter(({ state, checks }) => state !== 'done' || checks.length > 0)
    .map(({ name, title, state, reason, checks }) => ({ name, title, state, reason, checks }));
  return { startedAt, seconds, interrupted, machine, settings, scenarios, chart };
}

/** Returns the section between the two marks in README.md: the chart, and where its figures come from. */
export function pictureOf({ chart, startedAt, machine, settings }: Headline): string {
  const alt = `${chart.title}: ${chart.lines.map(({ who }) => who).join(' and ')}`;
  const rows = settings.rows.toLocaleString('en');
  return [
    `![${alt}](docs/loadtest.svg)`,
    `\`npm run loadtest\` of ${startedAt.slice(0, 10)}, ${machine.cores} cores, ${rows} rows; both axes are logarithmic.`,
  ].join('\n\n');
}

/** Returns the section between the two marks in docs/performance.md: the machine and the table of targets. */
export function sectionOf(headline: Headline): string {
  const checks = headline.scenarios.flatMap((scenario) => scenario.checks);
  const held = checks.filter((check) => check.held).length;
  return [
    introduction(headline),
    tableOf(headline),
    `${held} of ${checks.length} targets held in this run.${leftOut(headline)}`,
  ].join('\n\n');
}

/** Returns a sentence that names the scenarios with a target that the run left out, or an empty text. */
function leftOut({ scenarios }: Headline): string {
  const present = new Set([...scenarios.map(({ name }) => name), ...WITHOUT_TARGET]);
  const missing = SCENARIOS.flatMap(({ name }) => (present.has(name) ? [] : [`\`${name}\``]));
  return missing.length === 0 ? '' : ` It left out ${missing.join(', ')}.`;
}

function introduction({ machine, settings, startedAt }: Headline): string {
  const memory = `${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB`;
  const where = `${machine.cores} x ${machine.cpu}, ${memory}, PostgreSQL ${machine.postgres}, Node ${machine.node}`;
  const load = `load average ${machine.loadAverage.toFixed(1)} at the start`;
  const how = `${load}; medians of ${settings.rounds}, ${settings.rows.toLocaleString('en')} rows`;
  return (
    `\`npm run loadtest\` of ${startedAt.slice(0, 10)}, commit ${machine.commit}: ${where}, which also carry PostgreSQL and the load\n` +
    `generator; ${how}, against the same API as one process (Express, \`pg\`, stages as JavaScript on the event loop), in turns.`
  );
}

const HEADER = ['', 'what', 'target', 'measured', 'made of', ''];

/** Returns a row for each target; a scenario that came to no end has one that says so. */
export function tableOf({ scenarios }: Pick<Headline, 'scenarios'>): string {
  const rows = scenarios.flatMap(({ title, state, reason, checks }) => {
    const cells = checks.map((check, index) => [index === 0 ? title : '', ...checkCells(check)]);
    if (state === 'done') return cells;
    const ending = state === 'skipped' ? 'skipped' : `**${state}**`;
    return [...cells, [cells.length === 0 ? title : '', firstLine(reason), '', '', '', ending]];
  });
  const lines = [HEADER, HEADER.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.map(escapeCell).join(' | ')} |`).join('\n');
}

function checkCells({ what, target, value, unit, measured, held }: Check): string[] {
  return [what, target, figureWithUnit(value ?? Number.NaN, unit), measured, held ? 'held' : '**missed**'];
}

function firstLine(text: string | null): string {
  return text?.split('\n')[0] ?? '';
}

function escapeCell(cell: string): string {
  return cell.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

/** Returns the document with a new section between its marks. Throws when the marks are not there. */
export function withSection(name: string, document: string, section: string): string {
  const [from, to] = [document.indexOf(MARK), document.indexOf(END)];
  if (from === -1 || to < from) throw new Error(`${name} has no part from ${MARK} to ${END}`);
  return `${document.slice(0, from)}${MARK}\n\n${section}\n\n${document.slice(to)}`;
}
