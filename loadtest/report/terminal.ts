/** The result as a table on the terminal: target, measured, held or MISSED; then what is to be said beside it. */
import { type Check, isHeld, isScenarioHeld, type RunResult, type ScenarioResult } from '../result.ts';
import type { Scenario } from '../scenario.ts';
import { alignColumns, figureWithUnit } from './text.ts';

export interface ReportFiles {
  readonly json: string;
  readonly html: string;
}

export function summaryText(result: RunResult, chosen: readonly Scenario[], files: ReportFiles): string {
  const rows = result.scenarios.flatMap(scenarioRows);
  const missing = chosen.filter(({ name }) => !result.scenarios.some((found) => found.name === name));
  const lines = [
    machineLine(result),
    settingsLine(result),
    '',
    ...alignColumns([['scenario', 'what', 'target', 'measured', 'made of', ''], ...rows]),
    '',
    ...result.scenarios.flatMap(({ name, notes }) => notes.map((note) => `${name}: ${note}`)),
    ...missing.map(({ name }) => `${name}: not run`),
    ...(result.interrupted === null ? [] : [`The run ended early: ${result.interrupted}.`]),
    verdict(result),
    `${files.json}\n${files.html}`,
  ];
  return `${lines.join('\n')}\n`;
}

function scenarioRows({ name, state, reason, checks }: ScenarioResult): string[][] {
  const rows = checks.map((check, index) => [index === 0 ? name : '', ...checkCells(check)]);
  if (state === 'done' && rows.length > 0) return rows;
  const first = reason?.split('\n')[0] ?? '';
  const outcome = state === 'done' ? 'no target' : state === 'failed' ? 'FAILED' : state;
  return [...rows, [rows.length === 0 ? name : '', first.slice(0, 60), '', '', '', outcome]];
}

function checkCells({ what, target, value, unit, measured, held }: Check): string[] {
  return [what, target, figureWithUnit(value, unit), measured, held ? 'held' : 'MISSED'];
}

function verdict(result: RunResult): string {
  const missed = result.scenarios.filter((scenario) => !isScenarioHeld(scenario));
  if (isHeld(result)) return 'Every target held.';
  if (missed.length === 0) return 'Not everything was measured.';
  const names = missed.map(({ name, state, checks }) => {
    const what = checks.filter(({ held }) => !held).map((check) => check.what);
    return `${name} (${what.length > 0 ? what.join('; ') : state})`;
  });
  return `Missed: ${names.join(', ')}.`;
}

function machineLine({ machine }: RunResult): string {
  const memory = `${(machine.memoryBytes / 2 ** 30).toFixed(1)} GiB`;
  const parts = [`${machine.cores} x ${machine.cpu}`, memory, machine.kernel, `Node ${machine.node}`];
  const load = `load average ${machine.loadAverage.toFixed(1)} at the start`;
  return [...parts, `PostgreSQL ${machine.postgres}`, `commit ${machine.commit}`, load].join(', ');
}

function settingsLine({ settings, seconds }: RunResult): string {
  const { quick, rounds, durationMs, rows, database, plainSqlTool } = settings;
  const few = rounds < 5 ? ' (targets ask for 5)' : '';
  return (
    `${quick ? 'Quick run: indicative only. ' : ''}Medians of ${rounds}${few}, loads of ${durationMs / 1000} s, ` +
    `${rows.toLocaleString('en')} rows, ${database} database, plain SQL by ${plainSqlTool}; took ${seconds.toFixed(0)} s. ` +
    'Load generator, PostgreSQL and servers share this machine.'
  );
}

export function listText(scenarios: readonly Scenario[]): string {
  return `${scenarios.map(({ name, title, how }) => `${name}\n    ${title}\n    ${how}`).join('\n')}\n`;
}
