/**
 * Conditions that the engine's optimizer has moved to a scan, evaluated on what is known of a directory or a row group before it
 * is read. Only conditions of plain shapes are understood; any other says nothing, and drops nothing.
 */
import { type Comparable, type PartitionType, valueAs } from '../../../connectors/files/hive.ts';

/** The range of the values of a column. null: all are null; undefined: nothing is known. */
export type Known = { readonly least: Comparable; readonly greatest: Comparable } | null | undefined;

/** A condition on rows. */
export interface Condition {
  /** Returns false when the condition is true for no row whose columns have such values. */
  mayHold(known: (column: string) => Known): boolean;
  /** The columns that must have one of few values, each with these: rows with another value, or with null, are not wanted. */
  readonly only: ReadonlyMap<string, readonly Comparable[]>;
}

/** Returns the value of `$n` as text; undefined: it has none that compares plainly. */
export type ParameterText = (identifier: string) => string | null | undefined;

/** The columns that conditions are understood of, with the type that their values compare as. */
export type ComparedTypes = ReadonlyMap<string, PartitionType>;

/** An object of the tree that the engine parses SQL into. */
type TreeNode = Readonly<Record<string, unknown>>;

const ANY_VALUES: Condition['only'] = new Map();
const POSSIBLE: Condition = { mayHold: () => true, only: ANY_VALUES };

export function conditionOf(node: unknown, types: ComparedTypes, parameters: ParameterText): Condition {
  if (!isNode(node)) return POSSIBLE;
  switch (node.class) {
    case 'CONJUNCTION': {
      const parts = children(node).map((child) => conditionOf(child, types, parameters));
      return node.type === 'CONJUNCTION_AND' ? all(parts) : any(parts);
    }
    case 'COMPARISON':
      return comparison(node, types, parameters);
    case 'BETWEEN':
      return between(node, types, parameters);
    case 'OPERATOR':
      return operator(node, types, parameters);
    default:
      return POSSIBLE;
  }
}

function isNode(value: unknown): value is TreeNode {
  return typeof value === 'object' && value !== null;
}

function children({ children: list }: TreeNode): readonly unknown[] {
  return Array.isArray(list) ? list : [];
}

/** Returns the condition that all of these hold. */
export function all(parts: readonly Condition[]): Condition {
  const only = new Map<string, readonly Comparable[]>();
  for (const part of parts)
    for (const [column, values] of part.only) {
      const known = only.get(column);
      if (known === undefined || values.length < known.length) only.set(column, values);
    }
  return { mayHold: (known) => parts.every((part) => part.mayHold(known)), only };
}

/** Returns the condition that one of these holds. */
export function any(parts: readonly Condition[]): Condition {
  const [first, ...others] = parts;
  const only = new Map<string, readonly Comparable[]>();
  for (const [column, values] of first?.only ?? []) {
    const lists = others.map((other) => other.only.get(column));
    if (lists.every((list) => list !== undefined)) only.set(column, [...values, ...lists.flat()]);
  }
  return { mayHold: (known) => parts.some((part) => part.mayHold(known)), only };
}

type Test = (least: number, greatest: number) => boolean;

/** By how the least and the greatest value compare with the constant. */
const COMPARISONS: Readonly<Record<string, Test>> = {
  COMPARE_EQUAL: (least, greatest) => least <= 0 && greatest >= 0,
  COMPARE_NOTEQUAL: (least, greatest) => least !== 0 || greatest !== 0,
  COMPARE_LESSTHAN: (least) => least < 0,
  COMPARE_LESSTHANOREQUALTO: (least) => least <= 0,
  COMPARE_GREATERTHAN: (_, greatest) => greatest > 0,
  COMPARE_GREATERTHANOREQUALTO: (_, greatest) => greatest >= 0,
};

const TURNED: Readonly<Record<string, string>> = {
  COMPARE_LESSTHAN: 'COMPARE_GREATERTHAN',
  COMPARE_LESSTHANOREQUALTO: 'COMPARE_GREATERTHANOREQUALTO',
  COMPARE_GREATERTHAN: 'COMPARE_LESSTHAN',
  COMPARE_GREATERTHANOREQUALTO: 'COMPARE_LESSTHANOREQUALTO',
};

function comparison(node: TreeNode, types: ComparedTypes, parameters: ParameterText): Condition {
  const kind = String(node.type);
  const left = columnOf(node.left, types);
  if (left !== null) return compared(left, constantOf(node.right, types.get(left)!, parameters), kind);
  const right = columnOf(node.right, types);
  if (right === null) return POSSIBLE;
  return compared(right, constantOf(node.left, types.get(right)!, parameters), TURNED[kind] ?? kind);
}

/** A comparison with null is never true. `kind`: the parser's name of the comparison. */
function compared(column: string, constant: Comparable | null | undefined, kind: string): Condition {
  const test = COMPARISONS[kind];
  if (constant === undefined || test === undefined) return POSSIBLE;
  if (constant === null) return { mayHold: () => false, only: new Map([[column, []]]) };
  const order = orderBeside(constant);
  return {
    mayHold(known) {
      const values = known(column);
      if (values === undefined) return true;
      return values !== null && test(order(values.least), order(values.greatest));
    },
    only: kind === 'COMPARE_EQUAL' ? new Map([[column, [constant]]]) : ANY_VALUES,
  };
}

/** Texts compare by their bytes of UTF-8. */
function orderBeside(constant: Comparable): (value: Comparable) => number {
  const bytes = typeof constant === 'string' ? Buffer.from(constant) : null;
  return (value) => {
    if (bytes !== null) return Buffer.compare(Buffer.from(String(value)), bytes);
    return value < constant ? -1 : Number(value > constant);
  };
}

function between(
  { input, lower, upper }: TreeNode,
  types: ComparedTypes,
  parameters: ParameterText,
): Condition {
  const column = columnOf(input, types);
  if (column === null) return POSSIBLE;
  const type = types.get(column)!;
  return all([
    compared(column, constantOf(lower, type, parameters), 'COMPARE_GREATERTHANOREQUALTO'),
    compared(column, constantOf(upper, type, parameters), 'COMPARE_LESSTHANOREQUALTO'),
  ]);
}

function operator(node: TreeNode, types: ComparedTypes, parameters: ParameterText): Condition {
  const [first, ...others] = children(node);
  const column = columnOf(first, types);
  if (column === null) return POSSIBLE;
  switch (node.type) {
    case 'OPERATOR_IS_NULL':
      // Some of many rows may be null whatever the others are.
      return {
        mayHold(known) {
          const values = known(column);
          return values === undefined || values === null || values.least !== values.greatest;
        },
        only: ANY_VALUES,
      };
    case 'OPERATOR_IS_NOT_NULL':
      return { mayHold: (known) => known(column) !== null, only: ANY_VALUES };
    case 'COMPARE_IN':
      return any(
        others.map((each) =>
          compared(column, constantOf(each, types.get(column)!, parameters), 'COMPARE_EQUAL'),
        ),
      );
    default:
      return POSSIBLE;
  }
}

/** The name of a column, cast to its own type or not; null for anything else. */
function columnOf(node: unknown, types: ComparedTypes): string | null {
  if (!isNode(node)) return null;
  if (node.class === 'CAST') {
    const inner = columnOf(node.child, types);
    return inner !== null && CONSTANT_TYPES[types.get(inner)!].includes(castTarget(node)) ? inner : null;
  }
  if (node.class !== 'COLUMN_REF' || !Array.isArray(node.column_names)) return null;
  const [name, ...more] = node.column_names as string[];
  return more.length === 0 && name !== undefined && types.has(name) ? name : null;
}

function castTarget({ cast_type: type }: TreeNode): string {
  return isNode(type) ? String(type.id) : '';
}

/** The types that a constant may have beside a column of each type, so that nothing is converted between them. */
const CONSTANT_TYPES: Readonly<Record<PartitionType, readonly string[]>> = {
  BIGINT: ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT'],
  DATE: ['DATE'],
  VARCHAR: ['VARCHAR'],
};

/** The constant as a value of the column's type; undefined for anything that is no plain constant of it. */
function constantOf(
  node: unknown,
  type: PartitionType,
  parameters: ParameterText,
): Comparable | null | undefined {
  if (!isNode(node)) return undefined;
  if (node.class === 'CAST') {
    return CONSTANT_TYPES[type].includes(castTarget(node)) ? textOf(node.child, type, parameters) : undefined;
  }
  if (node.class === 'PARAMETER') return textOf(node, type, parameters);
  if (node.class !== 'CONSTANT' || !isNode(node.value) || !isNode(node.value.type)) return undefined;
  return CONSTANT_TYPES[type].includes(String(node.value.type.id)) || node.value.is_null === true
    ? textOf(node, type, parameters)
    : undefined;
}

function textOf(
  node: unknown,
  type: PartitionType,
  parameters: ParameterText,
): Comparable | null | undefined {
  if (!isNode(node)) return undefined;
  if (node.class === 'PARAMETER') return valueAs(parameters(String(node.identifier)), type);
  if (node.class !== 'CONSTANT' || !isNode(node.value)) return undefined;
  if (node.value.is_null === true) return null;
  const { value } = node.value;
  return typeof value === 'string' || typeof value === 'number' ? valueAs(String(value), type) : undefined;
}
