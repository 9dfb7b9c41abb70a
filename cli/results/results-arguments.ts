/** Reads the command lines of `forkline cache` and `forkline jobs`. */
import { parseCount } from '../kit/count-argument.ts';
import { UsageError } from '../kit/usage-error.ts';

export type CacheCommand =
  | { readonly action: 'ls'; readonly json: boolean; readonly limit: number | null }
  | { readonly action: 'purge'; readonly changed: PurgeArguments }
  | { readonly action: 'advise'; readonly json: boolean; readonly since: string | null }
  | { readonly action: 'trigger'; readonly table: string };

/** The body of POST /v1/cache/purge. */
export interface PurgeArguments {
  readonly tables?: readonly string[];
  readonly connection?: string;
  readonly tags?: readonly string[];
  readonly models?: readonly string[];
  readonly shape?: string;
  readonly everything?: true;
  readonly remove?: true;
}

interface Values {
  readonly json?: boolean | undefined;
  readonly connection?: string | undefined;
  readonly table?: readonly string[] | undefined;
  readonly tag?: string | undefined;
  readonly model?: readonly string[] | undefined;
  readonly shape?: string | undefined;
  readonly all?: boolean | undefined;
  readonly remove?: boolean | undefined;
}

/** `since` and `limit`: as they were read already. Throws UsageError. */
export function cacheCommand(
  values: Values,
  rest: readonly string[],
  { since, limit }: { readonly since: string | null; readonly limit: number | null },
): CacheCommand {
  if (rest[0] === 'trigger') return triggerCommand(rest.slice(1));
  const [action, ...more] = rest;
  if (more.length > 0) throw new UsageError(`"forkline cache ${action}" takes no "${more[0]}"`);
  switch (action) {
    case 'ls':
      return { action, json: values.json === true, limit };
    case 'purge':
      return { action, changed: purgeArguments(values) };
    case 'advise':
      return { action, json: values.json === true, since };
    default:
      throw new UsageError(
        'say what to do: forkline cache ls, forkline cache purge, forkline cache advise, or forkline cache trigger TABLE',
      );
  }
}

function triggerCommand([table, ...more]: readonly string[]): CacheCommand {
  if (table === undefined || more.length > 0)
    throw new UsageError('name one table: forkline cache trigger public.orders');
  return { action: 'trigger', table };
}

function purgeArguments({ table, tag, model, shape, connection, all, remove }: Values): PurgeArguments {
  const changed: PurgeArguments = {
    ...(table !== undefined && { tables: table }),
    ...(tag !== undefined && { tags: [tag] }),
    ...(model !== undefined && { models: model }),
    ...(shape !== undefined && { shape }),
    ...(connection !== undefined && { connection }),
    ...(all === true && { everything: true as const }),
  };
  if (Object.keys(changed).length === 0)
    throw new UsageError(
      'say what has changed: --table NAME, --tag NAME, --model NAME, --shape QUERY, --connection NAME, or --all',
    );
  return remove === true ? { ...changed, remove: true } : changed;
}

export type JobsCommand =
  | { readonly action: 'ls'; readonly json: boolean }
  | { readonly action: 'show'; readonly id: string; readonly json: boolean }
  | {
      readonly action: 'result';
      readonly id: string;
      readonly offset: number | null;
      readonly limit: number | null;
      /** null: that of the query. */
      readonly format: string | null;
    }
  | { readonly action: 'rm'; readonly id: string };

interface JobsValues {
  readonly json?: boolean | undefined;
  readonly offset?: string | undefined;
  readonly limit?: string | undefined;
  readonly format?: string | undefined;
}

/** Throws UsageError. */
export function jobsCommand(
  { json, offset, limit, format }: JobsValues,
  rest: readonly string[],
): JobsCommand {
  const [action = 'ls', id, ...more] = rest;
  if (more.length > 0) throw new UsageError(`"forkline jobs ${action}" takes no "${more[0]}"`);
  if (action === 'ls' && id === undefined) return { action, json: json === true };
  if (action !== 'show' && action !== 'result' && action !== 'rm')
    throw new UsageError(
      'say what to do: forkline jobs, or forkline jobs show, result or rm with the id of a job',
    );
  if (id === undefined || !/^[0-9a-f]{32}$/.test(id))
    throw new UsageError('the id of a job has 32 hexadecimal digits; "forkline jobs" shows it');
  if (action === 'rm') return { action, id };
  if (action === 'show') return { action, id, json: json === true };
  const from = offset === '0' ? 0 : parseCount('offset', offset);
  return { action, id, offset: from, limit: parseCount('limit', limit), format: format ?? null };
}
