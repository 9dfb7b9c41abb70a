/** Gives names, calls and literals of an expression their meaning and type. Throws with the span of what has none. */
import { QueryError, type Span } from '../../core/protocol/errors.ts';
import { didYouMean, suggest } from '../../core/protocol/suggest.ts';
import type { ColumnType } from '../../core/protocol/types.ts';
import { defaultName } from '../frontends/forkline/names.ts';
import type { CallNode, CaseNode, CastNode, Expression, WrittenName } from '../frontends/query-tree.ts';
import { castTo, unify } from '../functions/kit/coerce.ts';
import { type CallSite, type FunctionTraits, mixedTypes, typedCall } from '../functions/kit/function.ts';
import { FUNCTION_NAMES, findFunction } from '../functions/registry.ts';
import { FOREIGN_FUNCTIONS } from '../hints/foreign.ts';
import { shortSyntax } from '../hints/short-syntax.ts';
import { castExists, hintWithoutCast, typeFromName } from '../types/cast-types.ts';
import { durationText } from '../types/durations.ts';
import { momentKind, normalMoment } from '../types/moments.ts';
import { parameterType } from '../types/parameter-types.ts';
import { BOOL, exprTypeName, FLOAT64, INT64, INTERVAL, NULL, STRING } from '../types/rules.ts';
import type { Typed } from '../types/typed.ts';
import { isUntyped, resolveWith } from '../types/untyped.ts';
import { findColumn, getColumn, type Scope } from './scope.ts';

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/**
 * The rule for aggregates in an expression: `none` may not have any; in `outside` bare columns are refused, since a group
 * has many rows; `inside` an aggregate's brackets there are columns and no further aggregates; in `rows` a value is
 * computed for every row, from columns and aggregates; `running` has window functions as well.
 */
export type AggregateMode = 'none' | 'outside' | 'inside' | 'rows' | 'running';

export function resolveExpression(node: Expression, scope: Scope, mode: AggregateMode = 'none'): Typed {
  switch (node.kind) {
    case 'name': {
      refuseFunctionName(node, scope);
      const column = getColumn(scope, node, node.qualifier);
      if (mode === 'outside') throw bareColumn(column.name, node);
      return { kind: 'column', name: column.name, type: column.type, span: node.span };
    }
    case 'string':
      return { kind: 'literal', value: node.text, type: STRING, span: node.span };
    case 'number':
      return resolveNumber(node.text, node);
    case 'duration':
      return resolveDuration(node.text, node);
    case 'bool':
      return { kind: 'literal', value: node.value, type: BOOL, span: node.span };
    case 'null':
      return { kind: 'literal', value: null, type: NULL, span: node.span };
    case 'parameter':
      return resolveParameter(node.text, node, scope);
    case 'moment':
      return resolveMoment(node);
    case 'cast':
      return resolveCast(node, scope, mode);
    case 'case':
      return resolveCase(node, scope, mode);
    case 'call':
      return resolveCall(node, scope, mode);
    default:
      return node satisfies never;
  }
}

/** `stats count by origin`: a function without its brackets, and no column is called so. */
function refuseFunctionName(node: WrittenName, scope: Scope): void {
  if (node.quoted || findColumn(scope, node) !== null) return;
  const key = node.name.toLowerCase();
  const definition = findFunction(key);
  const foreign = FOREIGN_FUNCTIONS.get(key);
  if (definition === null && foreign === undefined) return;
  throw new QueryError('unknown-column', `there is no column \`${node.name}\` here`, {
    span: node.span,
    hint: definition === null ? foreign! : bracketsHint(key, definition.syntax),
  });
}

const UNITS = new Set('year quarter month week day hour minute second'.split(' '));

function bracketsHint(name: string, syntax: string): string {
  const brackets = `a function needs its brackets: \`${shortSyntax(syntax)}\``;
  return UNITS.has(name) ? `${brackets}; a unit of time stands in quotes: \`'${name}'\`` : brackets;
}

/** An expression that must be a condition. */
export function resolveCondition(
  node: Expression,
  scope: Scope,
  what: string,
  mode: AggregateMode = 'none',
): Typed {
  const resolved = resolveExpression(node, scope, mode);
  const typed = isUntyped(resolved) ? castTo(resolved, BOOL) : resolved;
  if (typed.type.kind === 'bool' || typed.type.kind === 'null') return typed;
  throw new QueryError('wrong-type', `${what} is a condition, but this is ${exprTypeName(typed.type)}`, {
    span: typed.span,
    hint: 'compare it with something: `delay > 0`, `name is not null`',
  });
}

/** The type of a column made from `typed`; a bare null has none. */
export function columnTypeOfResult(typed: Typed, name: string): ColumnType {
  if (typed.type.kind !== 'null') return typed.type;
  throw new QueryError('wrong-type', `\`${name}\` would have no type: its value is only null`, {
    span: typed.span,
    hint: 'say which: `cast(null as string)`',
  });
}

function bareColumn(name: string, { span }: Expression): QueryError {
  return new QueryError(
    'misplaced-aggregate',
    `\`${name}\` has a value for each row, and this is about groups of rows`,
    {
      span,
      hint: `put it into an aggregate, like \`max(${name})\` or \`any(${name})\`, or after \`by\``,
    },
  );
}

function resolveNumber(text: string, { span }: Expression): Typed {
  if (!/^-?\d+$/.test(text)) return resolveFloat(text, span);
  const value = BigInt(text);
  if (value <= MAX_INT64 && value >= MIN_INT64)
    return { kind: 'literal', value: value.toString(), type: INT64, span };
  throw new QueryError('wrong-type', 'this number does not fit int64', {
    span,
    hint: `write \`${text}.0\` for a float64, or \`cast('${text}' as decimal(38,0))\``,
  });
}

/** Beyond float64 the engines would read infinity or 0, or fail. */
function resolveFloat(text: string, span: Span): Typed {
  const value = Number(text);
  if (Number.isFinite(value) && (value !== 0 || !/^[^eE]*[1-9]/.test(text)))
    return { kind: 'literal', value: text, type: FLOAT64, span };
  throw new QueryError('wrong-type', 'this number does not fit float64', {
    span,
    hint: 'a float64 reaches from 5e-324 to 1.7976931348623157e308',
  });
}

function resolveDuration(text: string, { span }: Expression): Typed {
  const value = durationText(text);
  if (value !== null) return { kind: 'literal', value, type: INTERVAL, span };
  throw new QueryError('wrong-arguments', `the duration ${text} is too long`, {
    span,
    hint: 'use a bigger unit',
  });
}

function resolveParameter(name: string, { span }: Expression, scope: Scope): Typed {
  const parameterKind = Object.hasOwn(scope.parameters, name) ? scope.parameters[name] : undefined;
  if (parameterKind === undefined) throw missingParameter(name, span);
  try {
    return { kind: 'parameter', name, parameterKind, type: parameterType(name, parameterKind), span };
  } catch (thrown) {
    throw thrown instanceof QueryError ? thrown.with({ span }) : thrown;
  }
}

export function missingParameter(
  name: string,
  span: { readonly start: number; readonly end: number },
): QueryError {
  return new QueryError('missing-parameter', `the parameter \`:${name}\` has no value`, {
    span,
    hint: `send it: "params": {"${name}": ...}`,
  });
}

function resolveMoment(node: Extract<Expression, { kind: 'moment' }>): Typed {
  const written = momentKind(node.text);
  const fits =
    written === node.type || (node.type.startsWith('timestamp') && written !== null && written !== 'time');
  if (fits && !(node.type === 'timestamp' && written === 'timestamptz'))
    return { kind: 'literal', value: normalMoment(node.text), type: { kind: node.type }, span: node.span };
  const samples = {
    date: "date '2020-01-31'",
    time: "time '23:59:59'",
    timestamp: "timestamp '2020-01-31 23:59:59'",
    timestamptz: "timestamptz '2020-01-31 23:59:59+00'",
  };
  throw new QueryError('wrong-type', `'${node.text}' is not a ${node.type}`, {
    span: node.span,
    hint: `write it like \`${samples[node.type]}\``,
  });
}

function resolveCast(node: CastNode, scope: Scope, mode: AggregateMode): Typed {
  const value = resolveExpression(node.value, scope, mode);
  const to = typeFromName(node.to);
  if (castExists(value.type, to)) return { ...castTo(value, to, node.orNull), span: node.span };
  const message = `there is no cast from ${exprTypeName(value.type)} to ${exprTypeName(to)}`;
  throw new QueryError('wrong-type', message, {
    span: node.span,
    hint: hintWithoutCast(value.type, to, scope.text.slice(node.value.span.start, node.value.span.end)),
  });
}

function siteOf(
  name: string,
  node: Expression,
  args: readonly Typed[],
  operator: boolean,
  definition: FunctionTraits & { readonly syntax: string },
  scope: Scope,
): CallSite {
  return {
    name,
    span: node.span,
    args,
    operator,
    syntax: definition.syntax,
    traits: definition,
    textOf: (span) => scope.text.slice(span.start, span.end),
  };
}

const CASE = { syntax: 'case when c then v end', raises: 'never' } as const;

function resolveCase(node: CaseNode, scope: Scope, mode: AggregateMode): Typed {
  const conditions = node.branches.map((branch) =>
    resolveCondition(branch.when, scope, 'what follows `when`', mode),
  );
  const values = node.branches.map((branch) => resolveExpression(branch.then, scope, mode));
  if (node.otherwise !== null) values.push(resolveExpression(node.otherwise, scope, mode));
  const site = siteOf('case', node, values, false, CASE, scope);
  const unified = unify(values, (at, sofar) => mixedTypes(site, at, sofar));
  return typedCall(site, 'case', unified.type, [...conditions, ...unified.args]);
}

function resolveCall(node: CallNode, scope: Scope, mode: AggregateMode): Typed {
  const definition = findFunction(node.name);
  if (definition === null) throw unknownFunction(node);
  const aggregate = definition.aggregate === true;
  if (definition.window === true && mode !== 'running') throw misplacedWindow(node, mode, scope);
  if (aggregate && (mode === 'none' || mode === 'inside')) throw misplacedAggregate(node, mode, scope);
  const args = node.args.map((arg) => resolveExpression(arg, scope, aggregate ? 'inside' : mode));
  const site = (given: readonly Typed[]): CallSite =>
    siteOf(node.name, node, given, node.operator, definition, scope);
  return resolveWith(args, (given) => definition.resolve(site(given)));
}

/** A stage before may have computed the same, and called it by its text. */
function computedHint(
  { name, span }: CallNode,
  { text, columns }: Scope,
  stage: string,
  rest: string,
): string {
  const written = text.slice(span.start, span.end);
  const known = columns.find((column) => column.name === defaultName(written));
  if (known !== undefined) return `a stage before has computed it: it is the column \`${known.name}\``;
  const shown = written.length <= 40 ? written : `${name}(...)`;
  return `compute it before: \`${stage} ${shown} as value ${rest}\`, then use \`value\``;
}

function misplacedAggregate(node: CallNode, mode: AggregateMode, scope: Scope): QueryError {
  const inside = mode === 'inside';
  const message = inside
    ? `the aggregate \`${node.name}\` stands inside another one`
    : `the aggregate \`${node.name}\` may only stand in \`stats\``;
  const hint = inside
    ? 'compute the inner one in a `stats` before'
    : computedHint(node, scope, 'stats', 'by ...');
  return new QueryError('misplaced-aggregate', message, { span: node.span, hint });
}

function misplacedWindow(node: CallNode, mode: AggregateMode, scope: Scope): QueryError {
  const inside = mode === 'inside';
  const message = inside
    ? `\`${node.name}\` stands inside an aggregate or another window function`
    : `the window function \`${node.name}\` may only stand in \`streamstats\``;
  const hint = inside
    ? 'compute it in a `streamstats` before'
    : computedHint(node, scope, 'streamstats', 'sort ...');
  return new QueryError('misplaced-aggregate', message, { span: node.span, hint });
}

function unknownFunction(node: CallNode): QueryError {
  const foreign = FOREIGN_FUNCTIONS.get(node.name);
  const suggestions = foreign === undefined ? suggest(node.name, FUNCTION_NAMES) : [];
  const hint = foreign ?? didYouMean(suggestions) ?? 'docs/reference.md lists the functions';
  const details = { span: node.nameSpan, suggestions };
  return new QueryError(
    'unknown-function',
    `there is no function \`${node.name}\``,
    hint === null ? details : { ...details, hint },
  );
}
