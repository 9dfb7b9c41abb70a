/**
 * The rows so far as the policy shows them: those of which a condition is true, without hidden columns, and with masks in the place
 * of others. No text can name this stage. Nothing after it is computed for a row that it drops, or from a value that it masks: a fence
 * keeps the conditions of later stages out, since one that fails tells a value in its error.
 */
import { QueryError } from '../../../core/protocol/errors.ts';
import type { RowRules } from '../../../core/protocol/shown-rows.ts';
import type { Column } from '../../../core/protocol/types.ts';
import type { Expression } from '../../frontends/query-tree.ts';
import { columnTypeOfResult, resolveCondition, resolveExpression } from '../../resolve/expression.ts';
import type { ResolvedStage } from '../../resolve/graph.ts';
import type { Scope } from '../../resolve/scope.ts';
import { freeName } from '../../select/select.ts';
import { columnKey } from '../../types/column-key.ts';
import { mayRaise } from '../../types/may-raise.ts';
import { collectColumns, type Typed } from '../../types/typed.ts';
import { exactIf } from './exactness.ts';
import { parseRule } from './rule-text.ts';
import type { StageDefinition } from './stage.ts';

interface Syntax {
  /** The table or model, for errors. */
  readonly of: string;
  /** One for each role; not empty. */
  readonly rules: readonly RowRules[];
  /** Whether conditions of later stages are kept out. */
  readonly fenced: boolean;
}

interface ShownColumn {
  readonly name: string;
  /** null: as it is. */
  readonly value: Typed | null;
}

interface Resolved extends ResolvedStage {
  readonly condition: Typed | null;
  readonly shown: readonly ShownColumn[];
  readonly fenced: boolean;
  /** The names of the columns that reach it. */
  readonly taken: readonly string[];
}

export type ShownRowsSyntax = Syntax;

const NOWHERE = { start: 0, end: 0 };

/** A rule that cannot be applied shows nothing, and says so without telling what the rule is. */
function inapplicable(of: string, role: string, why: string): QueryError {
  return new QueryError(
    'forbidden',
    `the policy's rules for \`${of}\` cannot be applied, so that none of it is shown`,
    {
      hint: `ask whoever runs this server to look at the role ${role} of the policy`,
      rule: `roles.${role}: the rules for ${of}: ${why}`,
    },
  );
}

/** The rules of one role, parsed. */
interface RoleRules {
  readonly rows: Expression | null;
  statusOf(column: string): 'hidden' | 'shown' | Expression;
}

function readRules(of: string, { role, rows, masks, hidden }: RowRules, input: Scope): RoleRules {
  const names = [...Object.keys(masks), ...hidden];
  const unknown = names.find((name) => !input.columns.some((column) => sameName(column.name, name)));
  if (unknown !== undefined) throw inapplicable(of, role, `there is no column ${unknown}`);
  const read = (text: string, resolve: (node: Expression) => Typed): Expression => {
    try {
      const node = parseRule(text);
      if (mayRaise(resolve(node))) throw new QueryError('bad-value', `\`${text}\` may fail for some values`);
      return node;
    } catch (thrown) {
      if (!(thrown instanceof QueryError)) throw thrown;
      throw inapplicable(of, role, thrown.message);
    }
  };
  const condition = (node: Expression): Typed => resolveCondition(node, input, 'a condition of the policy');
  const parsed = Object.entries(masks).map(
    ([name, text]) => [name, read(text, (node) => resolveExpression(node, input))] as const,
  );
  return {
    rows: rows === null ? null : read(rows, condition),
    statusOf(column) {
      if (hidden.some((name) => sameName(name, column))) return 'hidden';
      return parsed.find(([name]) => sameName(name, column))?.[1] ?? 'shown';
    },
  };
}

function sameName(one: string, other: string): boolean {
  return columnKey(one) === columnKey(other);
}

/** The rows that any of the roles shows. */
function conditionOf(roles: readonly RoleRules[]): Expression | null {
  const conditions = roles.map(({ rows }) => rows);
  if (conditions.includes(null)) return null;
  const args = conditions as readonly Expression[];
  if (args.length === 1) return args[0]!;
  return {
    kind: 'call',
    name: 'or',
    nameSpan: NOWHERE,
    args,
    operator: true,
    span: NOWHERE,
    depth: heightOf(args),
  };
}

function heightOf(parts: readonly Expression[]): number {
  return 1 + Math.max(0, ...parts.map(({ depth }) => depth));
}

function branch(when: Expression, then: Expression) {
  return { when, then };
}

const ALWAYS: Expression = { kind: 'bool', value: true, span: NOWHERE, depth: 1 };
const NEVER: Expression = { ...ALWAYS, value: false };

/** Returns what stands for the column: undefined: it is not there; null: it is as it is. */
function valueShown({ name }: Column, roles: readonly RoleRules[]): Expression | null | undefined {
  const column: Expression = { kind: 'name', name, quoted: true, span: NOWHERE, depth: 1 };
  const all = roles.map(({ rows, statusOf }) => ({ rows, status: statusOf(name) }));
  if (all.every(({ status }) => status === 'hidden')) return undefined;
  if (all.every(({ status }) => status === 'shown')) return null;
  const shown = all.filter(({ status }) => status === 'shown').map(({ rows }) => ({ rows, value: column }));
  const masked = all.flatMap(({ rows, status }) =>
    typeof status === 'string' ? [] : [{ rows, value: status }],
  );
  const [only] = masked;
  if (all.length === 1 && only!.value.kind !== 'null') return only!.value;
  // The branch that is never taken says which type the nulls have.
  const branches = [
    ...[...shown, ...masked].map(({ rows, value }) => branch(rows ?? ALWAYS, value)),
    branch(NEVER, column),
  ];
  const parts = branches.flatMap(({ when, then }) => [when, then]);
  return { kind: 'case', branches, otherwise: null, span: NOWHERE, depth: heightOf(parts) };
}

export const SHOWN_ROWS: StageDefinition<Syntax, Resolved> = {
  name: 'shown-rows',
  aliases: [],
  docs: { syntax: '', summary: '', examples: [] },
  parse: () => {
    throw new Error('the compiler makes this stage');
  },
  resolve({ of, rules, fenced }, given) {
    const input: Scope = { ...given, parameters: {}, text: '' };
    const roles = rules.map((each) => readRules(of, each, input));
    const rows = conditionOf(roles);
    const condition = rows === null ? null : resolveCondition(rows, input, 'a condition of the policy');
    const columns: Column[] = [];
    const shown: ShownColumn[] = [];
    for (const column of input.columns) {
      const node = valueShown(column, roles);
      if (node === undefined) continue;
      const { name } = column;
      try {
        const value = node === null ? null : resolveExpression(node, input);
        columns.push(value === null ? column : { name, type: columnTypeOfResult(value, name) });
        shown.push({ name, value });
      } catch (thrown) {
        if (!(thrown instanceof QueryError)) throw thrown;
        throw inapplicable(of, rules.map(({ role }) => role).join(' and '), `${name}: ${thrown.message}`);
      }
    }
    if (columns.length === 0) throw inapplicable(of, rules[0]!.role, 'all columns are hidden');
    return { columns, condition, shown, fenced, taken: input.columns.map(({ name }) => name) };
  },
  columnsUsed({ condition, shown }, wanted) {
    const used = new Set<string>();
    if (condition !== null) collectColumns(condition, used);
    for (const { name, value } of shown)
      if (value !== null) collectColumns(value, used);
      else if (wanted.has(name)) used.add(name);
    return used;
  },
  emit({ condition, shown, fenced, taken }, relation) {
    let sofar = condition === null ? relation : relation.filter(condition);
    const kept = shown.map(({ name, value }, index) => {
      if (value === null) return { name, as: name };
      const mask = freeName(`mask${index}`, taken);
      sofar = sofar.assign(mask, value);
      return { name: mask, as: name };
    });
    const projected = sofar.project(kept);
    return fenced ? projected.fenced() : projected;
  },
  exactIn({ condition, shown }, dialect) {
    // A database in which nothing keeps conditions apart would test those of later stages first.
    if (dialect.traits.fence === '')
      return { exact: false, why: `${dialect.title} keeps no conditions apart` };
    const values = shown.flatMap(({ value }) => (value === null ? [] : [value]));
    return exactIf([...(condition === null ? [] : [condition]), ...values], dialect);
  },
};
