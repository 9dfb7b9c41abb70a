/** Reads the command line: one command with its options, or a usage error that tells how to mend it. */

import { parseArgs } from 'node:util';
import { closestName } from '../core/config/closest-name.ts';
import type { PoolSizes } from '../core/protocol/pool-sizes.ts';
import {
  type AuditCommand,
  auditCommand,
  type KeysCommand,
  keysCommand,
  type PolicyCommand,
  policyCommand,
} from './access/access-arguments.ts';
import { COMMANDS, OPTIONS, OPTIONS_OF, type OptionName } from './command-options.ts';
import { type ConnectionCommand, connectionCommand } from './connection-arguments.ts';
import { type EncryptOptions, encryptOptions } from './encrypt-arguments.ts';
import { type ExtensionsCommand, extensionsCommand } from './extensions/extension-arguments.ts';
import { type Format, parseFormat } from './formats.ts';
import { parseCount } from './kit/count-argument.ts';
import {
  type FmtOptions,
  fmtLanguage,
  fmtMode,
  type MigrateQueryOptions,
  migrateQueryOptions,
} from './kit/edit-options.ts';
import { UsageError } from './kit/usage-error.ts';
import type { LogsCommand } from './logs.ts';
import { logsCommand, parseSince } from './logs-arguments.ts';
import { type ModelCommand, modelCommand } from './models/model-arguments.ts';
import { type ParameterValue, parseParameter } from './parameter-argument.ts';
import {
  type CacheCommand,
  cacheCommand,
  type JobsCommand,
  jobsCommand,
} from './results/results-arguments.ts';
import { parseSizes } from './size-arguments.ts';

export interface QueryOptions {
  /** null: FORKLINE_URL, else the default address. */
  readonly url: string | null;
  /** null: to be read from stdin. */
  readonly text: string | null;
  readonly connection: string | null;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly capRows: number | null;
  readonly timeoutMs: number | null;
}

export interface CompileOptions extends Pick<QueryOptions, 'text' | 'connection' | 'parameters'> {
  /** null: the last one. */
  readonly step: string | null;
  /** A file with what the compiler must know; null: nothing is known. */
  readonly describe: string | null;
}

export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'version' }
  | { readonly name: 'start'; readonly configFile: string | undefined }
  | ({ readonly name: 'query'; readonly format: Format | null; readonly runsAsJob?: true } & QueryOptions &
      EncryptOptions)
  | ({ readonly name: 'jobs'; readonly url: string | null } & JobsCommand)
  | ({ readonly name: 'explain'; readonly json: boolean; readonly asksDatabase: boolean } & QueryOptions)
  | ({ readonly name: 'compile' } & CompileOptions)
  | ({ readonly name: 'fmt' } & FmtOptions)
  | {
      readonly name: 'status';
      readonly url: string | null;
      readonly json: boolean;
      /** Asked of the monitor itself, not over HTTP. */
      readonly local: boolean;
      readonly configFile: string | undefined;
    }
  | { readonly name: 'top'; readonly url: string | null; readonly once: boolean }
  | ({ readonly name: 'logs'; readonly url: string | null } & LogsCommand)
  | {
      readonly name: 'scale';
      readonly sizes: PoolSizes;
      readonly json: boolean;
      readonly configFile: string | undefined;
    }
  | { readonly name: 'doctor'; readonly json: boolean; readonly configFile: string | undefined }
  | { readonly name: 'grants' }
  | ({ readonly name: 'keys'; readonly configFile: string | undefined } & KeysCommand)
  | ({ readonly name: 'cache'; readonly url: string | null } & CacheCommand)
  | ({ readonly name: 'policy'; readonly configFile: string | undefined } & PolicyCommand)
  | ({ readonly name: 'audit'; readonly configFile: string | undefined } & AuditCommand)
  | ({ readonly name: 'model'; readonly url: string | null } & ModelCommand)
  | ({ readonly name: 'migrate-query'; readonly url: string | null } & MigrateQueryOptions)
  | ({ readonly name: 'connection'; readonly url: string | null } & ConnectionCommand)
  | ({ readonly name: 'extensions'; readonly configFile: string | undefined } & ExtensionsCommand)
  | { readonly name: 'migrate'; readonly check: boolean; readonly configFile: string | undefined };

/** Throws UsageError. */
export function parseCommandLine(args: readonly string[], nowMs = Date.now()): Command {
  const { values, positionals } = parse(args);
  if (values.version === true) return { name: 'version' };
  if (values.help === true || positionals.length === 0) return { name: 'help' };
  const [given, ...rest] = positionals as [string, ...string[]];
  const name = COMMANDS.find((command) => command === given);
  if (name === undefined) throw unknownCommand(given);
  const misplaced = Object.keys(values).find((option) => !OPTIONS_OF[name].includes(option as OptionName));
  if (misplaced !== undefined) throw new UsageError(`"forkline ${name}" has no option --${misplaced}`);
  switch (name) {
    case 'help':
    case 'version':
      return { name };
    case 'start':
      expectNoMore(name, rest);
      return { name, configFile: values.config };
    case 'fmt':
      return { name, files: rest, mode: fmtMode(values), ...fmtLanguage(values) };
    case 'status':
      expectNoMore(name, rest);
      return statusCommand(values);
    case 'top':
      expectNoMore(name, rest);
      return { name, url: values.url ?? null, once: values.once === true };
    case 'logs':
      expectNoMore(name, rest);
      return { name, url: values.url ?? null, ...logsCommand(values, nowMs) };
    case 'doctor':
      expectNoMore(name, rest);
      return { name, json: values.json === true, configFile: values.config };
    case 'grants':
      expectNoMore(name, rest);
      return { name };
    case 'extensions':
      return { name, configFile: values.config, ...extensionsCommand(values, rest) };
    case 'keys':
      return { name, configFile: values.config, ...keysCommand(values, rest, nowMs) };
    case 'policy':
      return { name, configFile: values.config, ...policyCommand(values, rest) };
    case 'cache': {
      const since = values.since === undefined ? null : parseSince(values.since, nowMs);
      const limit = parseCount('limit', values.limit);
      return { name, url: values.url ?? null, ...cacheCommand(values, rest, { since, limit }) };
    }
    case 'audit':
      return { name, configFile: values.config, ...auditCommand(values, rest) };
    case 'model':
      return { name, url: values.url ?? null, ...modelCommand(values, rest) };
    case 'connection':
      return { name, url: values.url ?? null, ...connectionCommand(values, rest) };
    case 'migrate':
      expectNoMore(name, rest);
      return { name, check: values.check === true, configFile: values.config };
    case 'migrate-query':
      return {
        name,
        url: values.url ?? null,
        ...migrateQueryOptions(values, rest, () => queryOptions({}, rest).text),
      };
    case 'scale':
      return { name, sizes: parseSizes(rest), json: values.json === true, configFile: values.config };
    case 'query':
      return {
        name,
        format: parseFormat(values.format),
        ...encryptOptions(values),
        ...(values.async === true && { runsAsJob: true as const }),
        ...queryOptions(values, rest),
      };
    case 'jobs':
      return { name, url: values.url ?? null, ...jobsCommand(values, rest) };
    case 'explain':
      return {
        ...{ name, json: values.json === true, asksDatabase: values.database === true },
        ...queryOptions(values, rest),
      };
    case 'compile': {
      const { text, connection, parameters } = queryOptions(values, rest);
      const { step = null, describe = null } = values;
      return { name, text, connection, parameters, step, describe };
    }
    default:
      throw name satisfies never;
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    const unknown = /^Unknown option '--?([^']+)'/.exec((error as Error).message)?.[1];
    if (unknown === undefined) throw new UsageError((error as Error).message);
    throw new UsageError(`there is no option --${unknown}${suggestion(unknown, Object.keys(OPTIONS), '--')}`);
  }
}

function unknownCommand(given: string): UsageError {
  const looksLikeQuery = /\s/.test(given);
  if (looksLikeQuery) return new UsageError(`to run a query: forkline query '${given}'`);
  return new UsageError(`there is no command "${given}"${suggestion(given, COMMANDS, '')}`);
}

function suggestion(name: string, known: readonly string[], prefix: string): string {
  const closest = closestName(name, known);
  return closest === null ? '; see forkline --help' : `; did you mean ${prefix}${closest}?`;
}

function expectNoMore(name: string, rest: readonly string[]): void {
  if (rest.length > 0) throw new UsageError(`"forkline ${name}" takes no "${rest[0]}"`);
}

type Values = ReturnType<typeof parse>['values'];

function statusCommand(values: Values): Command {
  const local = values.local === true;
  if (local && values.url !== undefined) throw new UsageError('--local asks no URL; leave out --url');
  if (!local && values.config !== undefined)
    throw new UsageError('--config needs --local; a server has --url');
  const { config: configFile, url = null } = values;
  return { name: 'status', url, json: values.json === true, local, configFile };
}

function queryOptions(values: Values, rest: readonly string[]): QueryOptions {
  if (rest.length > 1) {
    throw new UsageError(
      `the query must be one argument: put it in quotes, so that the shell leaves | alone`,
    );
  }
  return {
    url: values.url ?? null,
    text: rest[0] === '-' ? null : (rest[0] ?? null),
    connection: values.connection ?? null,
    parameters: Object.fromEntries((values.param ?? []).map(parseParameter)),
    capRows: parseCount('limit', values.limit),
    timeoutMs: parseCount('timeout', values.timeout),
  };
}
