/**
 * `forkline migrate-query`: prints queries of the legacy language in today's. The compiler must know the columns: a server tells them (`--url`),
 * or a file does (`--describe`), as for `forkline compile`. What has no counterpart is an error with its place, and the exit code 1.
 */

import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import type { ConnectionDialects, DialectName } from '../core/protocol/dialect-name.ts';
import { QueryError } from '../core/protocol/errors.ts';
import type { Ask, AskAnswer, PlanRequest } from '../core/protocol/plan.ts';
import { quoteName } from '../language/dialects/quoting.ts';
import { STAGE_ENGINE, USUAL_SOURCE } from '../language/dialects/registry.ts';
import { migrateLegacy } from '../language/editor/migrate-legacy.ts';
import { renderError } from '../language/editor/render-error.ts';
import { JUDGES_NOTHING } from '../language/source/judged-functions.ts';
import { describedSource } from '../language/steps.ts';
import { writtenType } from '../language/types/written-type.ts';
import { answerOf, connectionsOf, readDescribed, wanted } from './compile.ts';
import type { Client } from './kit/client.ts';
import type { MigrateQueryOptions } from './kit/edit-options.ts';
import { UsageError } from './kit/usage-error.ts';

export interface MigrateQueryStreams {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** Answers what the compiler must know; null: it is not known. */
interface Knowledge {
  readonly connection: string;
  readonly dialects: ConnectionDialects;
  answer(ask: Ask, request: PlanRequest): Promise<AskAnswer | null>;
}

/** Resolves to the exit code: 1 when a query has no counterpart or something is not known. Rejects with UsageError and the client's errors. */
export async function runMigrateQuery(
  options: MigrateQueryOptions,
  client: () => Promise<Client>,
  streams: MigrateQueryStreams,
): Promise<number> {
  const knowledge =
    options.describe === null
      ? await fromServer(await client(), options.connection)
      : await fromFile(options.describe, options.connection);
  if (options.files.length === 0) {
    const query = options.text ?? (await readText(streams.stdin));
    return (await migrateOne(query, '', options.model, knowledge, streams)) ? 0 : 1;
  }
  let code = 0;
  for (const file of options.files) {
    const query = await readFile(file, 'utf8').catch((error: Error) => {
      streams.stderr.write(`forkline: ${file} cannot be read: ${error.message}\n`);
      return null;
    });
    if (query === null || !(await migrateOne(query, file, options.model, knowledge, streams))) code = 1;
  }
  return code;
}

/** `file`: its name stands before the query, and in errors; empty: there is none. */
async function migrateOne(
  query: string,
  file: string,
  model: string | null,
  knowledge: Knowledge,
  { stdout, stderr }: MigrateQueryStreams,
): Promise<boolean> {
  const { connection, dialects } = knowledge;
  const request: PlanRequest = {
    ...{ text: query, ...(model !== null && { model }), parameters: {}, connection, dialects },
    ...{ language: 'legacy', pushdown: 'auto', throughWorker: false, answers: {} },
  };
  try {
    const made = await migrated(request, knowledge);
    if (typeof made === 'string') stdout.write(`${file === '' ? '' : `-- ${file}\n`}${made}`);
    else stderr.write(`forkline: the compiler must know first:\n${made.map(wanted).join('')}`);
    return typeof made === 'string';
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    stderr.write(`${file === '' ? '' : `${file}: `}${renderError(thrown.toWire(), query).text}\n`);
    return false;
  }
}

/** The text of today, or what is not known. */
async function migrated(request: PlanRequest, knowledge: Knowledge): Promise<string | readonly Ask[]> {
  const answers: Record<string, AskAnswer> = {};
  for (;;) {
    const known = Object.keys(answers).length;
    const made = migrateLegacy({ ...request, answers }, JUDGES_NOTHING);
    if (made.kind === 'migrated') return made.text;
    const unknown: Ask[] = [];
    for (const ask of made.asks) {
      const answer = await knowledge.answer(ask, request);
      if (answer === null) unknown.push(ask);
      else answers[ask.key] = answer;
    }
    if (unknown.length > 0) return unknown;
    if (Object.keys(answers).length === known) throw new Error('the compiler asks again for what it knows');
  }
}

async function fromFile(file: string, connection: string | null): Promise<Knowledge> {
  const described = await readDescribed(file);
  const usual = connection ?? 'main';
  return {
    connection: usual,
    dialects: { [usual]: USUAL_SOURCE.name, ...connectionsOf(described) },
    answer: async (ask, request) =>
      Object.hasOwn(described, ask.key) ? answerOf(ask, request, described) : null,
  };
}

interface Connections {
  readonly connections: readonly {
    readonly name: string;
    readonly dialect: DialectName;
    readonly default: boolean;
  }[];
}

async function fromServer(client: Client, given: string | null): Promise<Knowledge> {
  const { connections } = await client.getJson<Connections>('/v1/connections');
  const usual = given ?? connections.find((one) => one.default)?.name ?? connections[0]?.name;
  if (usual === undefined) throw new UsageError('the server has no connection that you may use');
  return {
    connection: usual,
    dialects: Object.fromEntries(connections.map(({ name, dialect }) => [name, dialect])),
    answer: async (ask, request) => {
      if (ask.kind === 'source') {
        const columns = await columnsOf(client, `${ask.sql}\n| head 1`, ask.connection);
        return describedSource(
          request,
          ask.connection,
          columns.map(({ name, type }) => ({ name, type: writtenType(type) })),
        );
      }
      if (ask.kind !== 'engine') return null;
      const columns = await columnsOf(client, engineQuery(ask), usual);
      return {
        kind: 'engine',
        columns: columns.map(({ name, type }) => ({
          name,
          engineType: STAGE_ENGINE.typeName(writtenType(type)),
        })),
      };
    },
  };
}

interface AnsweredColumn {
  readonly name: string;
  readonly type: string;
}

async function columnsOf(
  client: Client,
  query: string,
  connection: string,
): Promise<readonly AnsweredColumn[]> {
  const response: IncomingMessage = await client.post('/v1/query', {
    query,
    connection,
    limits: { rows: 1 },
  });
  const answer = JSON.parse(await readText(response)) as { readonly columns: readonly AnsweredColumn[] };
  return answer.columns;
}

/** A query that gives no rows, with the columns of the engine's SQL. */
function engineQuery({ sql, relations }: Extract<Ask, { kind: 'engine' }>): string {
  const inputs = relations.map(({ name, columns }) => {
    const items = columns.map((column) => `cast(null as ${column.engineType}) as ${quoteName(column.name)}`);
    return `${name} as (select ${items.join(', ')} where false)`;
  });
  return `select 1 as one\n| sql (with ${inputs.join(', ')} select * from (${sql}) limit 0)`;
}
