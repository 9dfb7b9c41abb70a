/** The result as one page that needs nothing but itself: table of targets, charts, all series, CPU and memory. */

import { median, spread } from '../measure/statistics.ts';
import {
  isHeld,
  isScenarioHeld,
  type ResourceFigures,
  type RunResult,
  type ScenarioResult,
  type Series,
} from '../result.ts';
import { chartSvg } from './charts.ts';
import { escapeHtml, figure, figureWithUnit } from './text.ts';

const STYLE = `
  :root { color-scheme: light dark; --line: #8884; --bad: #d55e00; --good: #009e73 }
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
  th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
  .targets td:nth-child(n+3):not(:nth-child(5)) { white-space: nowrap }
  .held { color: var(--good) } .missed { color: var(--bad); font-weight: bold }
  svg { width: 100%; height: auto } svg text { font: 12px system-ui, sans-serif; fill: currentColor }
  .grid { stroke: currentColor; opacity: .15 } figure { margin: 1.5rem 0 } figcaption { font-weight: 600 }
  summary { cursor: pointer } small { opacity: .75 }`;

export function reportHtml(result: RunResult): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Forkline load test, ${escapeHtml(result.startedAt)}</title><style>${STYLE}</style></head><body>
<h1>Forkline load test</h1>
${headHtml(result)}
<h2>Targets</h2>
${targetsHtml(result.scenarios)}
${result.scenarios.map(scenarioHtml).join('\n')}
</body></html>
`;
}

function headHtml({ machine, settings, startedAt, seconds, interrupted, ...rest }: RunResult): string {
  const facts = {
    verdict: isHeld({ machine, settings, startedAt, seconds, interrupted, ...rest })
      ? 'every target held'
      : 'not every target held',
    'ended early': interrupted,
    'started, took': `${startedAt}, ${seconds.toFixed(0)} s`,
    machine: `${machine.cores} x ${machine.cpu}, ${(machine.memoryBytes / 2 ** 30).toFixed(1)} GiB, ${machine.kernel}; load average at the start ${machine.loadAverage.toFixed(1)}`,
    versions: `Node ${machine.node}, PostgreSQL ${machine.postgres}, commit ${machine.commit}`,
    settings: `${settings.quick ? 'quick run, indicative only; ' : ''}medians of ${settings.rounds}, loads of ${settings.durationMs / 1000} s, ${settings.rows.toLocaleString('en')} rows, ${settings.database} database, plain SQL by ${settings.plainSqlTool}${settings.against === null ? '' : `, against ${settings.against}`}`,
    'to bear in mind':
      'load generator, PostgreSQL and servers share this machine: compare within this run, never across machines',
  };
  const rows = Object.entries(facts).filter(([, value]) => value !== null);
  return `<table>${rows.map(([name, value]) => `<tr><th>${name}</th><td>${escapeHtml(String(value))}</td></tr>`).join('')}</table>`;
}

function targetsHtml(scenarios: readonly ScenarioResult[]): string {
  const rows = scenarios.flatMap(({ name, title, state, reason, checks }) => {
    const link = `<a href="#${name}">${escapeHtml(title)}</a>`;
    if (checks.length === 0) {
      const mark = state === 'done' ? 'no target' : state;
      return [
        `<tr><td>${link}</td><td colspan="4">${escapeHtml(reason ?? '')}</td><td class="${state === 'failed' ? 'missed' : ''}">${mark}</td></tr>`,
      ];
    }
    return checks.map(({ what, target, value, unit, measured, held }, index) => {
      const cells = [what, target, figureWithUnit(value, unit), measured].map(
        (cell) => `<td>${escapeHtml(cell)}</td>`,
      );
      return `<tr><td>${index === 0 ? link : ''}</td>${cells.join('')}<td class="${held ? 'held' : 'missed'}">${held ? 'held' : 'MISSED'}</td></tr>`;
    });
  });
  return `<table class="targets"><tr><th>scenario</th><th>what</th><th>target</th><th>measured</th><th>made of</th><th></th></tr>${rows.join('')}</table>`;
}

function scenarioHtml(scenario: ScenarioResult): string {
  const { name, title, state, reason, charts, notes, series, resources, seconds } = scenario;
  const charted = charts.map(
    (chart) => `<figure><figcaption>${escapeHtml(chart.title)}</figcaption>${chartSvg(chart)}</figure>`,
  );
  const ending =
    state === 'done'
      ? ''
      : `<p class="${isScenarioHeld(scenario) ? '' : 'missed'}">${state}: ${escapeHtml(reason ?? '')}</p>`;
  return `<section id="${name}"><h2>${escapeHtml(title)}</h2><small>${name}, ${seconds.toFixed(0)} s</small>${ending}
${notes.map((note) => `<p>${escapeHtml(note)}</p>`).join('')}${charted.join('')}
<details><summary>All figures</summary>${seriesHtml(series)}${resourcesHtml(resources)}</details></section>`;
}

function seriesHtml(series: readonly Series[]): string {
  if (series.length === 0) return '';
  const rows = series.map(({ who, what, unit, values }) => {
    const shown = values.length > 12 ? `${values.length} values` : values.map(figure).join(', ');
    const cells = [
      who,
      what,
      `${figure(median(values))} ${unit}`,
      `${(spread(values) * 100).toFixed(0)} %`,
      shown,
    ];
    return `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
  });
  return `<table><tr><th>who</th><th>what</th><th>median</th><th>farthest from it</th><th>values</th></tr>${rows.join('')}</table>`;
}

function resourcesHtml(resources: readonly ResourceFigures[]): string {
  if (resources.length === 0) return '';
  const lag = ({ loopLagP99Ms, loopLagMaxMs }: ResourceFigures): string =>
    loopLagP99Ms === null ? '' : `${figure(loopLagP99Ms)} / ${figure(loopLagMaxMs ?? Number.NaN)} ms`;
  const rows = resources.flatMap((figures) =>
    figures.roles.map(({ role, processes, cpuSeconds, maxRssBytes }, index) => {
      const first = index === 0 ? [figures.who, figures.during, lag(figures)] : ['', '', ''];
      const cells = [
        ...first,
        role,
        `${processes}`,
        `${cpuSeconds.toFixed(2)} s`,
        `${(maxRssBytes / 1e6).toFixed(0)} MB`,
      ];
      return `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
    }),
  );
  return `<table><tr><th>who</th><th>during</th><th>event-loop lag p99 / most</th><th>role</th><th>processes</th><th>CPU</th><th>RSS, the most</th></tr>${rows.join('')}</table>`;
}
