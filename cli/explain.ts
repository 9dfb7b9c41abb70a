/** `forkline explain`: where each stage runs and why, and the SQL of both sides (--json: as the API gives it). */
import { text } from 'node:stream/consumers';
import type { QueryOptions } from './arguments.ts';
import type { Client } from './kit/client.ts';
import { renderTable } from './kit/table.ts';
import type { Streams } from './query.ts';
import { requestBody } from './query.ts';

/** The fields of POST /v1/explain that are shown. */
export interface Explanation {
  readonly sources: readonly {
    readonly connection: string;
    readonly sql: string;
    /** null: the database tells none; left out: it was not asked. */
    readonly databasePlan?: string | null;
  }[];
  readonly worker: { readonly sql: string } | null;
  readonly stages: readonly {
    readonly name: string;
    readonly where: 'source' | 'worker';
    readonly why: string;
  }[];
  /** null when they are only known once it runs. */
  readonly columns: readonly { readonly name: string; readonly type: string }[] | null;
  readonly warnings: readonly string[];
}

/** Rejects with what client.ts rejects with, and with UsageError. */
export async function runExplain(
  client: Client,
  options: QueryOptions & { readonly json: boolean; readonly asksDatabase: boolean },
  streams: Streams,
): Promise<void> {
  const path = options.asksDatabase ? '/v1/explain/database' : '/v1/explain';
  const response = await client.post(path, await requestBody(options, streams));
  const explanation = JSON.parse(await text(response)) as Explanation;
  const shown = options.json ? JSON.stringify(explanation, null, 2) : renderExplanation(explanation);
  streams.stdout.write(`${shown}\n`);
}

/** No trailing line end. */
export function renderExplanation(explanation: Explanation): string {
  const { sources, worker, stages, columns, warnings } = explanation;
  const left = (name: string) => ({ name, alignRight: false });
  const rows = [
    ['SQL', 'database', ''],
    ...stages.map(({ name, where, why }) => [name, where === 'source' ? 'database' : 'worker', why]),
  ];
  return [
    renderTable(['stage', 'runs in', 'because'].map(left), rows),
    ...sources.flatMap(({ connection, sql, databasePlan }) => [
      section(`sent to the database (${connection})`, sql),
      ...(databasePlan === undefined
        ? []
        : [section(`its own plan (${connection})`, databasePlan ?? 'it tells none')]),
    ]),
    ...(worker === null ? [] : [section('run in the worker', worker.sql)]),
    columns === null
      ? 'columns: known once it runs'
      : `columns: ${columns.map(({ name, type }) => `${name} ${type}`).join(', ')}`,
    ...warnings.map((warning) => `warning: ${warning}`),
  ].join('\n\n');
}

function section(title: string, sql: string): string {
  return [`${title}:`, ...sql.split('\n').map((line) => `  ${line}`)].join('\n');
}
