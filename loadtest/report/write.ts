/** report.json, which holds everything that was measured, and report.html, which shows it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunResult } from '../result.ts';
import { reportHtml } from './html.ts';
import type { ReportFiles } from './terminal.ts';

/** Into `dir`, or into a directory of its own below it, named by the time of the run. */
export async function writeReports(result: RunResult, dir: string, below: boolean): Promise<ReportFiles> {
  const target = below ? join(dir, result.startedAt.replaceAll(/[:.]/g, '-')) : dir;
  await mkdir(target, { recursive: true });
  const files = { json: join(target, 'report.json'), html: join(target, 'report.html') };
  await writeFile(files.json, `${JSON.stringify(result, rounded, 1)}\n`);
  await writeFile(files.html, reportHtml(result));
  return files;
}

/** A tenth of a microsecond is noise, and takes as much room as the figure itself. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Math.round(value * 1e4) / 1e4 : value;
}
