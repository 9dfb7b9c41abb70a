/** Runs the cases of one or two builds in turns, and keeps every figure. */
import { join } from 'node:path';
import { median, spread } from '../measure/statistics.ts';
import { alignColumns, figure } from '../report/text.ts';
import type { BenchCaseInfo, CaseReport } from './case.ts';
import type { Runner } from './runner.ts';

/** A build whose cases are run. */
export interface Build {
  readonly label: string;
  readonly dist: string;
}

export interface CaseFigures {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly build: string;
  readonly values: readonly number[];
  /** Why there are none: this build has no such thing, or another interface to it. */
  readonly trouble: string | null;
}

export interface MeasureDeps {
  readonly run: Runner;
  readonly rounds: number;
  onProgress(text: string): void;
}

export async function measureCases(
  { run, rounds, onProgress }: MeasureDeps,
  cases: readonly BenchCaseInfo[],
  builds: readonly Build[],
): Promise<CaseFigures[]> {
  const results = cases.flatMap(({ name, title, unit }) =>
    builds.map(({ label, dist }) => ({
      name,
      title,
      unit,
      build: label,
      dist,
      values: [] as number[],
      trouble: null as string | null,
    })),
  );
  for (let round = 0; round < rounds; round++) {
    for (const result of round % 2 === 0 ? results : results.toReversed()) {
      if (result.trouble !== null) continue;
      onProgress(`round ${round + 1} of ${rounds}: ${result.name} (${result.build})`);
      const args = [join(result.dist, 'loadtest/bench/run-case.js'), result.name];
      try {
        const report = JSON.parse(await run(process.execPath, args, result.dist)) as CaseReport;
        result.values.push(...report.values);
      } catch (error) {
        result.trouble = (error as Error).message;
        if ((error as Error).name === 'AbortError') throw error;
      }
    }
  }
  return results.map(({ dist: _, ...figures }) => figures);
}

export function casesTable(figures: readonly CaseFigures[], builds: readonly Build[]): string {
  const names = [...new Set(figures.map(({ name }) => name))];
  const [a, b] = builds;
  const head = [
    'case',
    ...builds.flatMap(({ label }) => [label, 'farthest']),
    ...(b === undefined ? [] : [`${b.label} / ${a!.label}`]),
  ];
  const rows = names.map((name) => {
    const of = builds.map(({ label }) => figures.find((each) => each.name === name && each.build === label)!);
    const cells = of.flatMap(({ values, unit, trouble }) =>
      trouble !== null
        ? ['not measured', '']
        : [`${figure(median(values))} ${unit}`, `${(spread(values) * 100).toFixed(0)} %`],
    );
    const [first, second] = of;
    const ratio = second === undefined ? [] : [`${figure(median(second.values) / median(first!.values))} x`];
    return [`${name}: ${of[0]!.title}`, ...cells, ...ratio];
  });
  const troubles = figures.flatMap(({ name, build, trouble }) =>
    trouble === null
      ? []
      : [
          `${name} (${build}): ${trouble.split('\n').find((line) => /Error/.test(line)) ?? trouble.split('\n')[0]}`,
        ],
  );
  return `${[...alignColumns([head, ...rows]), ...troubles].join('\n')}\n`;
}
