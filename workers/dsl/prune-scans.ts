/**
 * Finds out which partitions a statement wants, before any directory is listed: the engine plans it over tables that have no rows
 * and no statistics, and says in its plan which conditions it has moved to each of them.
 */
import {
  BIGINT,
  DATE,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  DuckDBTableFunction,
  VARCHAR,
} from '@duckdb/node-api';
import type { WantedPartitions } from '../../connectors/files/find-files.ts';
import { type PartitionType, valueAs } from '../../connectors/files/hive.ts';
import type { InputColumn } from '../../core/protocol/plan.ts';
import { quoteName } from '../../language/dialects/duckdb/sql.ts';
import { engineTypeOf } from './chunks/decoders.ts';
import { valuesOf } from './inputs.ts';
import type { OpenTable } from './scans/open-table.ts';
import {
  all,
  any,
  type ComparedTypes,
  type Condition,
  conditionOf,
  type Known,
  type ParameterText,
} from './scans/predicate.ts';
import { parseSelect } from './user-sql/sql-tree.ts';

/** The part of a table that a statement wants. */
export interface Wanted {
  /** The directories below which rows may be wanted; undefined: all. */
  readonly partitions: WantedPartitions | undefined;
  /** The columns in the files that are read. */
  readonly columns: ReadonlySet<string>;
  /** Whether rows may be wanted where columns have values in these ranges. */
  ranges(known: (column: string) => Known): boolean;
}

const NAME = 'forkline_table_';
const TYPES = { BIGINT, DATE, VARCHAR };

/** The columns of the function that stands for a table: a partition each, then the others as texts. */
interface Shape {
  readonly partitions: readonly PartitionType[];
  readonly others: number;
}

/** Table functions that stand for tables, so many as were needed at once. */
export class Probes {
  readonly #shapes: Shape[] = [];

  /** Returns a SELECT that stands for the table: it has its columns, and the engine knows nothing of their values. */
  relation(connection: DuckDBConnection, index: number, table: OpenTable): string {
    const known = this.#shapes.length > index;
    const { columns, partitions } = table;
    this.#shapes[index] = {
      partitions: partitions.map(({ type }) => type),
      others: columns.length - partitions.length,
    };
    if (!known) this.#register(connection, index);
    const names = probeNames(table);
    const items = columns.map(({ name, type }, place) => {
      const probe = names[place]!;
      return `${probe.startsWith('p') ? probe : `CAST(${probe} AS ${type})`} AS ${quoteName(name)}`;
    });
    return `SELECT ${items.join(', ')} FROM ${NAME}${index}()`;
  }

  /** Returns a SELECT that stands for rows that SQL workers send. */
  stream(connection: DuckDBConnection, index: number, columns: readonly InputColumn[]): string {
    if (this.#shapes.length <= index) this.#register(connection, index);
    this.#shapes[index] = { partitions: [], others: columns.length };
    const items = columns.map(
      (column, place) => `CAST(c${place} AS ${engineTypeOf(column)}) AS ${quoteName(column.name)}`,
    );
    return valuesOf(columns, `SELECT ${[...items, '1'].join(', ')} FROM ${NAME}${index}()`);
  }

  #register(connection: DuckDBConnection, index: number): void {
    connection.registerTableFunction(
      DuckDBTableFunction.create({
        name: `${NAME}${index}`,
        supportsProjectionPushdown: true,
        bindFunction: (info) => {
          const { partitions, others } = this.#shapes[index]!;
          for (const [level, type] of partitions.entries()) info.addResultColumn(`p${level}`, TYPES[type]);
          for (let place = 0; place < others; place++) info.addResultColumn(`c${place}`, VARCHAR);
          info.addResultColumn('v', VARCHAR);
        },
        initFunction: () => {},
        mainFunction: () => {},
      }),
    );
  }
}

/** The names in the probe of a table's columns, in their order: partitions are the last. */
function probeNames({ columns, partitions }: OpenTable): readonly string[] {
  const others = columns.length - partitions.length;
  return columns.map((_, place) => (place < others ? `c${place}` : `p${place - others}`));
}

interface PlanNode {
  readonly name: string;
  readonly children: readonly PlanNode[];
  readonly extra_info: Readonly<Record<string, unknown>>;
}

/** One scan of a table in a plan. */
interface Scan {
  /** The texts of the filters right above it. */
  readonly filters: readonly string[];
  /** The columns of the probe that are read. */
  readonly columns: readonly string[];
}

/** `statement`: an EXPLAIN (FORMAT json) over the probes of these tables, with its parameters bound. */
export async function wantedOf(
  connection: DuckDBConnection,
  statement: DuckDBPreparedStatement,
  tables: readonly OpenTable[],
  parameters: ParameterText,
): Promise<readonly Wanted[]> {
  const rows = (await statement.runAndReadAll()).getRows() as string[][];
  const [root] = JSON.parse(rows[0]![1]!) as PlanNode[];
  const scans = tables.map((): Scan[] => []);
  collect(root!, [], scans);
  const found: Wanted[] = [];
  for (const [index, table] of tables.entries()) {
    const names = probeNames(table);
    const types = comparedTypes(table, names);
    const conditions: Condition[] = [];
    for (const { filters } of scans[index]!)
      conditions.push(await conditionOfFilters(connection, filters, types, parameters));
    const read = new Set(scans[index]!.flatMap(({ columns }) => columns));
    found.push(wantedBy(conditions, read, table, names));
  }
  return found;
}

/** The types whose ranges are compared, each with how its values compare. */
export const COMPARED_AS: Readonly<Record<string, PartitionType>> = {
  TINYINT: 'BIGINT',
  SMALLINT: 'BIGINT',
  INTEGER: 'BIGINT',
  BIGINT: 'BIGINT',
  DATE: 'DATE',
  VARCHAR: 'VARCHAR',
};

function comparedTypes({ columns }: OpenTable, names: readonly string[]): ComparedTypes {
  return new Map(
    columns.flatMap(({ type }, place) => {
      const compared = COMPARED_AS[type];
      return compared === undefined ? [] : [[names[place]!, compared] as const];
    }),
  );
}

/** Finds the scans of each table. */
function collect(
  { name, children, extra_info }: PlanNode,
  filters: readonly string[],
  scans: Scan[][],
): void {
  const own = new RegExp(`^${NAME}(\\d+)`, 'i').exec(name);
  const { Expression: text, Projections: columns } = extra_info;
  if (own !== null) {
    scans[Number(own[1])]?.push({ filters, columns: [columns ?? []].flat().map(String) });
    return;
  }
  const above = name === 'FILTER' ? [...filters, ...[text ?? []].flat().map(String)] : [];
  for (const child of children) collect(child, above, scans);
}

async function conditionOfFilters(
  connection: DuckDBConnection,
  filters: readonly string[],
  types: ComparedTypes,
  parameters: ParameterText,
): Promise<Condition> {
  const parts: Condition[] = [];
  for (const text of filters) {
    // A text that the engine prints and does not read again says nothing.
    const tree = await parseSelect(connection, `SELECT 1 WHERE ${text}`).catch(() => null);
    if (tree !== null) parts.push(conditionOf(tree.where_clause, types, parameters));
  }
  return all(parts);
}

/** Rows are wanted that any of the scans wants; all are when the plan shows no scan. */
function wantedBy(
  scans: readonly Condition[],
  read: ReadonlySet<string>,
  { columns, partitions: levels }: OpenTable,
  names: readonly string[],
): Wanted {
  const condition = scans.length === 0 ? all([]) : any(scans);
  const places = new Map(names.map((name, place) => [name, place]));
  return {
    partitions: {
      includes: (found) =>
        condition.mayHold((column) => {
          const level = column.startsWith('p') ? Number(column.slice(1)) : -1;
          const partition = found[level];
          if (partition === undefined) return undefined;
          const value = valueAs(partition.value, levels[level]!.type);
          return value === undefined || value === null ? value : { least: value, greatest: value };
        }),
      only(level) {
        const values = condition.only.get(`p${level}`);
        return values === undefined ? null : { type: levels[level]!.type, values };
      },
    },
    columns: new Set(
      columns.flatMap(({ name }, place) =>
        read.has(names[place]!) && names[place]!.startsWith('c') ? [name] : [],
      ),
    ),
    ranges: (known) => condition.mayHold((column) => known(columns[places.get(column)!]!.name)),
  };
}
