/** Reads the command line of `forkline connection`. */
import { UsageError } from './kit/usage-error.ts';

export type ConnectionCommand =
  | { readonly action: 'list'; readonly json: boolean }
  | { readonly action: 'show'; readonly connection: string; readonly json: boolean }
  | { readonly action: 'create'; readonly file: string; readonly reason: string | null }
  | { readonly action: 'edit'; readonly connection: string; readonly reason: string | null }
  | { readonly action: 'remove'; readonly connection: string; readonly reason: string | null }
  /** `subject`: the name of a connection, or the file of a definition. */
  | { readonly action: 'test'; readonly subject: string; readonly json: boolean };

interface Values {
  readonly reason?: string | undefined;
  readonly json?: boolean | undefined;
}

/** The options that each action has, besides --url. */
const OPTIONS: Readonly<Record<ConnectionCommand['action'], readonly (keyof Values)[]>> = {
  list: ['json'],
  show: ['json'],
  create: ['reason'],
  edit: ['reason'],
  remove: ['reason'],
  test: ['json'],
};

const ACTIONS = Object.keys(OPTIONS) as ConnectionCommand['action'][];

/** Throws UsageError. */
export function connectionCommand(
  { reason, json = false }: Values,
  rest: readonly string[],
): ConnectionCommand {
  const [given, ...names] = rest;
  const action = ACTIONS.find((each) => each === given);
  if (action === undefined) throw new UsageError(`say what to do: forkline connection ${ACTIONS.join(', ')}`);
  const misplaced = (['reason', 'json'] as const).find(
    (name) => !OPTIONS[action].includes(name) && (name === 'json' ? json : reason !== undefined),
  );
  if (misplaced !== undefined)
    throw new UsageError(`"forkline connection ${action}" has no option --${misplaced}`);
  const why = reason ?? null;
  switch (action) {
    case 'list':
      if (names.length > 0) throw new UsageError(`"forkline connection list" takes no "${names[0]}"`);
      return { action, json };
    case 'show':
      return { action, connection: only(names, action, 'NAME'), json };
    case 'create':
      return { action, file: only(names, action, 'FILE'), reason: why };
    case 'edit':
    case 'remove':
      return { action, connection: only(names, action, 'NAME'), reason: why };
    case 'test':
      return { action, subject: only(names, action, 'NAME|FILE'), json };
    default:
      throw action satisfies never;
  }
}

function only(names: readonly string[], action: string, what: string): string {
  if (names.length === 1) return names[0]!;
  throw new UsageError(`write: forkline connection ${action} ${what}`);
}
