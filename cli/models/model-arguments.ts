/** Reads the command line of `forkline model`. */
import { UsageError } from '../kit/usage-error.ts';

export type ModelCommand =
  | {
      readonly action: 'list';
      readonly tag: string | null;
      readonly search: string | null;
      readonly json: boolean;
    }
  | { readonly action: 'show'; readonly model: string; readonly at: number | null; readonly json: boolean }
  | { readonly action: 'create'; readonly file: string; readonly reason: string | null }
  | { readonly action: 'edit'; readonly model: string; readonly reason: string | null }
  | { readonly action: 'remove'; readonly model: string; readonly reason: string | null }
  | { readonly action: 'test'; readonly model: string; readonly json: boolean }
  | { readonly action: 'uses'; readonly model: string; readonly json: boolean }
  | { readonly action: 'versions'; readonly model: string; readonly json: boolean }
  | {
      readonly action: 'diff';
      readonly model: string;
      readonly from: number | null;
      readonly to: number | null;
    }
  | {
      readonly action: 'rollback';
      readonly model: string;
      readonly to: number;
      readonly reason: string | null;
    }
  | {
      readonly action: 'apply';
      readonly paths: readonly string[];
      readonly dryRun: boolean;
      readonly prune: boolean;
      readonly reason: string | null;
    }
  | { readonly action: 'export'; readonly dir: string };

/** The options of the command line that only models have. */
export const MODEL_OPTIONS = {
  tag: { type: 'string' },
  search: { type: 'string' },
  at: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  reason: { type: 'string' },
  'dry-run': { type: 'boolean' },
  prune: { type: 'boolean' },
} as const;

interface Values {
  readonly tag?: string | undefined;
  readonly search?: string | undefined;
  readonly at?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly reason?: string | undefined;
  readonly 'dry-run'?: boolean | undefined;
  readonly prune?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** The options that each action has, besides --url. */
const OPTIONS: Readonly<Record<ModelCommand['action'], readonly (keyof Values)[]>> = {
  list: ['tag', 'search', 'json'],
  show: ['at', 'json'],
  create: ['reason'],
  edit: ['reason'],
  remove: ['reason'],
  test: ['json'],
  uses: ['json'],
  versions: ['json'],
  diff: ['from', 'to'],
  rollback: ['to', 'reason'],
  apply: ['dry-run', 'prune', 'reason'],
  export: [],
};

const ACTIONS = Object.keys(OPTIONS) as ModelCommand['action'][];

/** Throws UsageError. */
export function modelCommand(values: Values, rest: readonly string[]): ModelCommand {
  const [given, ...names] = rest;
  const action = ACTIONS.find((each) => each === given);
  if (action === undefined) throw new UsageError(`say what to do: forkline model ${ACTIONS.join(', ')}`);
  refuseOthers(values, action);
  const { tag = null, search = null, reason = null, json = false, prune = false } = values;
  const one = (what: string): string => only(names, `forkline model ${action} ${what}`);
  switch (action) {
    case 'list':
      if (names.length > 0)
        throw new UsageError(`"forkline model list" takes no "${names[0]}"; --search finds words`);
      return { action, tag, search, json };
    case 'show':
      return { action, model: one('NAME'), at: version('at', values.at), json };
    case 'create':
      return { action, file: one('FILE'), reason };
    case 'edit':
    case 'remove':
      return { action, model: one('NAME'), reason };
    case 'test':
    case 'uses':
    case 'versions':
      return { action, model: one('NAME'), json };
    case 'diff':
      return { action, model: one('NAME'), from: version('from', values.from), to: version('to', values.to) };
    case 'rollback': {
      const to = version('to', values.to);
      if (to === null) throw new UsageError('say which version: forkline model rollback NAME --to 2');
      return { action, model: one('NAME'), to, reason };
    }
    case 'apply':
      if (names.length === 0) throw new UsageError('say which files: forkline model apply models/');
      return { action, paths: names, dryRun: values['dry-run'] === true, prune, reason };
    case 'export':
      return { action, dir: one('FOLDER') };
    default:
      throw action satisfies never;
  }
}

function refuseOthers(values: Values, action: ModelCommand['action']): void {
  const all: readonly (keyof Values)[] = [
    'tag',
    'search',
    'at',
    'from',
    'to',
    'reason',
    'dry-run',
    'prune',
    'json',
  ];
  const misplaced = all.find((name) => values[name] !== undefined && !OPTIONS[action].includes(name));
  if (misplaced !== undefined)
    throw new UsageError(`"forkline model ${action}" has no option --${misplaced}`);
}

function only(names: readonly string[], form: string): string {
  if (names.length === 1) return names[0]!;
  throw new UsageError(`write: ${form}`);
}

function version(option: string, given: string | undefined): number | null {
  if (given === undefined) return null;
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given);
  throw new UsageError(`--${option} must be a version, a number of 1 or more, not "${given}"`);
}
