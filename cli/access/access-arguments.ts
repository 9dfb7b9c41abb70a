/** Reads the command lines of `forkline keys`, `forkline policy` and `forkline audit`. */
import { resolve } from 'node:path';
import type { ChainHead } from '../../core/audit/chain.ts';
import { UsageError } from '../kit/usage-error.ts';

export type KeysCommand =
  | {
      readonly action: 'create';
      readonly keyName: string;
      /** ISO 8601; null: never. */
      readonly expiresAt: string | null;
      readonly roles: readonly string[];
      readonly only: 'metrics' | null;
    }
  | { readonly action: 'list'; readonly json: boolean }
  | { readonly action: 'revoke'; readonly id: string };

export type PolicyCommand =
  | { readonly action: 'check' }
  /** `connection` null: all. */
  | { readonly action: 'apply'; readonly connection: string | null }
  | {
      readonly action: 'explain';
      /** Roles, or the name of a key or certificate that has some. */
      readonly as: readonly string[];
      /** The query that is judged; null: none, only what the roles allow. */
      readonly query: string | null;
      readonly connection: string | null;
      readonly json: boolean;
    };

export interface AuditCommand {
  readonly action: 'verify' | 'head';
  /** null: the configured one. */
  readonly file: string | null;
  /** A head that was kept elsewhere. */
  readonly expected: ChainHead | null;
  readonly json: boolean;
}

interface Values {
  readonly expires?: string | undefined;
  readonly roles?: string | undefined;
  readonly only?: string | undefined;
  readonly as?: string | undefined;
  readonly head?: string | undefined;
  readonly connection?: string | undefined;
  readonly json?: boolean | undefined;
}

const DAY_MS = 86_400_000;

/** Throws UsageError. */
export function keysCommand(values: Values, rest: readonly string[], nowMs: number): KeysCommand {
  const [action, ...names] = rest;
  switch (action) {
    case 'create':
      return createCommand(values, one(names, 'forkline keys create NAME'), nowMs);
    case 'list':
      refuse(values, ['expires', 'roles', 'only'], 'keys list');
      if (names.length > 0) throw new UsageError(`"forkline keys list" takes no "${names[0]}"`);
      return { action, json: values.json === true };
    case 'revoke':
      refuse(values, ['expires', 'roles', 'only', 'json'], 'keys revoke');
      return { action, id: idIn(one(names, 'forkline keys revoke ID')) };
    default:
      throw new UsageError(
        'say what to do: forkline keys create NAME, forkline keys list, or forkline keys revoke ID',
      );
  }
}

function createCommand(values: Values, keyName: string, nowMs: number): KeysCommand {
  refuse(values, ['json'], 'keys create');
  const { roles, only } = values;
  if (only !== undefined && only !== 'metrics') throw new UsageError(`--only must be metrics, not "${only}"`);
  if (only !== undefined && roles !== undefined)
    throw new UsageError('a key with --only has no roles; leave out --roles');
  const expiresAt = values.expires === undefined ? null : expiry(values.expires, nowMs);
  return { action: 'create', keyName, expiresAt, roles: namesIn(roles), only: only ?? null };
}

/** Somebody may give the whole key, which then does not belong into a message. */
function idIn(text: string): string {
  const id = /^(?:fk_)?([0-9a-f]{12})(?:_.*)?$/.exec(text)?.[1];
  if (id !== undefined) return id;
  throw new UsageError('the id of a key has 12 hexadecimal digits; "forkline keys list" shows it');
}

/** `90d`, or a day or time in ISO 8601 to come. */
function expiry(text: string, nowMs: number): string {
  const days = /^([1-9]\d{0,4})d$/.exec(text)?.[1];
  const ms =
    days !== undefined
      ? nowMs + Number(days) * DAY_MS
      : /^\d{4}-\d\d-\d\d/.test(text)
        ? Date.parse(text)
        : Number.NaN;
  if (ms > nowMs) return new Date(ms).toISOString();
  throw new UsageError(`--expires must be days (90d) or a time to come (2030-01-31), not "${text}"`);
}

/** Throws UsageError. */
export function policyCommand(values: Values, rest: readonly string[]): PolicyCommand {
  const [action, query = null, ...more] = rest;
  if (action === 'check') {
    refuse(values, ['as', 'json', 'connection'], 'policy check');
    if (query !== null) throw new UsageError(`"forkline policy check" takes no "${query}"`);
    return { action };
  }
  if (action === 'apply') {
    refuse(values, ['as', 'json'], 'policy apply');
    if (query !== null) throw new UsageError(`"forkline policy apply" takes no "${query}"`);
    return { action, connection: values.connection ?? null };
  }
  if (action === 'explain') {
    if (more.length > 0)
      throw new UsageError(
        'the query must be one argument: put it in quotes, so that the shell leaves | alone',
      );
    const { connection = null } = values;
    return { action, as: namesIn(values.as), query, connection, json: values.json === true };
  }
  throw new UsageError(
    "say what to do: forkline policy check, forkline policy apply, or forkline policy explain --as NAME 'QUERY'",
  );
}

/** Throws UsageError. */
export function auditCommand(values: Values, rest: readonly string[]): AuditCommand {
  const [action, file = null, ...more] = rest;
  if (action !== 'verify' && action !== 'head')
    throw new UsageError('say what to do: forkline audit verify, or forkline audit head');
  if (more.length > 0) throw new UsageError(`"forkline audit ${action}" takes no "${more[0]}"`);
  if (action === 'head') refuse(values, ['head', 'json'], 'audit head');
  return {
    action,
    file: file === null ? null : resolve(file),
    expected: values.head === undefined ? null : headIn(values.head),
    json: values.json === true,
  };
}

function headIn(text: string): ChainHead {
  const match = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text);
  if (match === null)
    throw new UsageError(`--head must be NUMBER:HASH as "forkline audit head" prints it, not "${text}"`);
  return { n: Number(match[1]), hash: match[2]! };
}

function namesIn(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.split(',').map((name) => name.trim());
}

function one(names: readonly string[], usage: string): string {
  if (names.length === 1) return names[0]!;
  throw new UsageError(`one name is needed: ${usage}`);
}

function refuse(values: Values, options: readonly (keyof Values)[], command: string): void {
  const given = options.find((option) => values[option] !== undefined);
  if (given !== undefined) throw new UsageError(`"forkline ${command}" has no option --${given}`);
}
