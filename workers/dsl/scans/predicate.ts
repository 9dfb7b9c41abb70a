/**
 * Conditions that the engine's optimizer has moved to a scan, evaluated on what is known of a directory or a row group before it
 * is read. Only conditions of plain shapes are understood; any other says nothing, and drops nothing.
 */
import type { PartitionType } from '../../../connectors/files/hive.ts';

/** The range of the values of a column. null: all are null; undefined: nothing is known. */
export type Known = { readonly least: Comparable; readonly greatest: Comparable } | null | undefined;

/** A value as its type compares. */
export type Comparable = bigint | string;

/** Returns false when the condition is true for no row whose columns have such values. */
export type Condition = (known: (column: string) => Known) => boolean;

/** Returns the value of `$n` as text; undefined: it has none that compares plainly. */
export type ParameterText = (identifier: string) => string | null | undefined;

/** The columns that conditions are understood of, with the type that their values compare as. */
export type ComparedTypes = ReadonlyMap<string, PartitionType>;

/** An object of the tree that the engine parses SQL into. */
type TreeNode = Readonly<Record<string, unknown>>;

const POSSIBLE: Condition = () => true;

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

function all(parts: readonly Condition[]): Condition {
  return (known) => parts.every((part) => part(known));
}

function any(parts: readonly Condition[]): Condition {
  return (known) => parts.some((part) => part(known));
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
  if (left !== null)
    return compared(left, constantOf(node.right, types.get(left)!, parameters), COMPARISONS[kind]);
  const right = columnOf(node.right, types);
  if (right === null) return POSSIBLE;
  const test = COMPARISONS[TURNED[kind] ?? kind];
  return compared(right, constantOf(node.left, types.get(right)!, parameters), test);
}

/** A comparison with null is never true. */
function compared(
  column: string,
  constant: Comparable | null | undefined,
  test: Test | undefined,
): Condition {
  if (constant === undefined || test === undefined) return POSSIBLE;
  if (constant === null) return () => false;
  const bytes = typeof constant === 'string' ? Buffer.from(constant) : null;
  const order = (value: Comparable): number => {
    if (bytes !== null) return Buffer.compare(Buffer.from(String(value)), bytes);
    return value < constant ? -1 : Number(value > constant);
  };
  return (known) => {
    const values = known(column);
    if (values === undefined) return true;
    return values !== null && test(order(values.least), order(values.greatest));
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
    compared(column, constantOf(lower, type, parameters), COMPARISONS.COMPARE_GREATERTHANOREQUALTO),
    compared(column, constantOf(upper, type, parameters), COMPARISONS.COMPARE_LESSTHANOREQUALTO),
  ]);
}

function operator(node: TreeNode, types: ComparedTypes, parameters: ParameterText): Condition {
  const [first, ...others] = children(node);
  const column = columnOf(first, types);
  if (column === null) return POSSIBLE;
  switch (node.type) {
    case 'OPERATOR_IS_NULL':
      // Some of many rows may be null whatever the others are.
      return (known) => {
        const values = known(column);
        return values === undefined || values === null || values.least !== values.greatest;
      };
    case 'OPERATOR_IS_NOT_NULL':
      return (known) => known(column) !== null;
    case 'COMPARE_IN':
      return any(
        others.map((each) =>
          compared(column, constantOf(each, types.get(column)!, parameters), COMPARISONS.COMPARE_EQUAL),
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

const OF_TYPE: Readonly<Record<PartitionType, RegExp>> = {
  BIGINT: /^-?\d{1,18}$/,
  DATE: /^\d{4}-\d{2}-\d{2}$/,
  VARCHAR: /^/,
};
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

/** The value that a text is in a partition's type; undefined when it is none. */
export function valueAs(text: string | null | undefined, type: PartitionType): Comparable | null | undefined {
  if (text === null || text === undefined) return text;
  if (!OF_TYPE[type].test(text)) return undefined;
  return type === 'BIGINT' ? BigInt(text) : text;
}
