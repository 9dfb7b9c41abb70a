/** Reads the command lines of `forkline keys` and `forkline policy`. */
import { UsageError } from './command-line/usage-error.ts';

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
  | { readonly action: 'explain'; readonly roles: readonly string[]; readonly json: boolean };

interface Values {
  readonly expires?: string | undefined;
  readonly roles?: string | undefined;
  readonly only?: string | undefined;
  readonly as?: string | undefined;
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
  const [action, ...names] = rest;
  if (names.length > 0) throw new UsageError(`"forkline policy ${action}" takes no "${names[0]}"`);
  if (action === 'check') {
    refuse(values, ['as', 'json'], 'policy check');
    return { action };
  }
  if (action === 'explain') return { action, roles: namesIn(values.as), json: values.json === true };
  throw new UsageError('say what to do: forkline policy check, or forkline policy explain --as ROLES');
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
