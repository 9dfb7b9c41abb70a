/**
 * One table in every kind of database: columns of types that all of them have, with values on which they disagree. The same rows
 * everywhere, so that what a pipeline answers may depend on nothing but the kind.
 */
import { SPARK } from '../../language/dialects/spark/source.ts';
import type { Draw } from './data.ts';

interface KindsColumn {
  readonly name: string;
  readonly postgres: string;
  readonly mariadb: string;
  /** null: SQLite has no type that keeps the values. */
  readonly sqlite: string | null;
  /** null: Spark has no such type. */
  readonly spark: string | null;
  /** The stage engine's type, as which Parquet keeps it. */
  readonly files: string;
  readonly values: readonly string[];
}

const LONG = 'x'.repeat(1100);

const COLUMNS: readonly KindsColumn[] = [
  {
    name: 'i4',
    files: 'integer',
    postgres: 'int4',
    mariadb: 'int',
    sqlite: 'integer',
    spark: 'int',
    values: ['0', '1', '-1', '7', '42', '-100', '2147483647', '-2147483648'],
  },
  {
    ...{
      name: 'i8',
      files: 'bigint',
      postgres: 'int8',
      mariadb: 'bigint',
      sqlite: 'integer',
      spark: 'bigint',
    },
    values: [
      '0',
      '1',
      '-3',
      '10',
      '9223372036854775807',
      '-9223372036854775808',
      '9007199254740993',
      '1000000007',
    ],
  },
  {
    name: 'i2',
    files: 'smallint',
    postgres: 'int2',
    mariadb: 'smallint',
    sqlite: 'integer',
    spark: 'smallint',
    values: ['0', '5', '-5', '32767', '-32768'],
  },
  {
    ...{
      name: 'f8',
      files: 'double',
      postgres: 'float8',
      mariadb: 'double',
      sqlite: 'real',
      spark: 'double',
    },
    values: ['0', '1', '-1', '0.1', '2.5', '-2.5', '3.5', '1e15', '123456789.125', '1e300', '1e-300'],
  },
  {
    name: 'n',
    files: 'decimal(12,3)',
    postgres: 'numeric(12,3)',
    mariadb: 'decimal(12,3)',
    sqlite: 'decimal(12,3)',
    spark: 'decimal(12,3)',
    values: ['0', '1.5', '-1.5', '2.345', '-2.345', '999999999.999', '0.001'],
  },
  {
    ...{
      name: 'n38',
      files: 'decimal(38,8)',
      postgres: 'numeric(38,8)',
      mariadb: 'decimal(38,8)',
      sqlite: null,
      spark: 'decimal(38,8)',
    },
    values: ['0', '123456789012345678901234567890.12345678', '-1', '0.00000001'],
  },
  {
    ...{
      name: 't',
      files: 'varchar',
      postgres: 'text',
      mariadb: 'text character set utf8mb4',
      sqlite: 'text',
      spark: 'string',
    },
    values: [
      '',
      ' ',
      'a',
      'A',
      'a ',
      'b',
      'abc',
      'Zz',
      '한글',
      '한국어',
      'é',
      'É',
      'e\u0301',
      'ß',
      'ss',
      'İ',
      'ÿ',
      'a,b',
      '"q"',
      'x\ny',
      '😀',
      '\uff5e',
      '%',
      '\\',
      '  pad ',
      '2020-01-31',
      `${LONG}1`,
      `${LONG}2`,
    ],
  },
  {
    name: 'v',
    files: 'varchar',
    postgres: 'varchar(20)',
    mariadb: 'varchar(20) character set latin1',
    sqlite: 'varchar(20)',
    spark: 'varchar(20)',
    values: ['', 'ab', 'AB', 'ba', 'ä', 'z  ', '9', 'ab '],
  },
  {
    name: 'en',
    files: 'varchar',
    postgres: 'text',
    mariadb: "enum('sad', 'ok', 'Ok ', 'a happy') collate utf8mb4_bin",
    sqlite: 'text',
    spark: 'string',
    values: ['sad', 'ok', 'a happy'],
  },
  {
    name: 'd',
    files: 'date',
    postgres: 'date',
    mariadb: 'date',
    sqlite: 'date',
    spark: 'date',
    values: ['2020-02-29', '2019-12-31', '1970-01-01', '0001-01-01', '9999-12-31', '2021-01-03'],
  },
  {
    ...{
      name: 'ts',
      files: 'timestamp',
      postgres: 'timestamp',
      mariadb: 'datetime(6)',
      sqlite: 'timestamp',
      spark: 'timestamp_ntz',
    },
    values: [
      '2020-02-29 23:59:59.999999',
      '1999-12-31 00:00:00',
      '1969-12-31 23:59:59.5',
      '0001-01-01 00:00:00',
      '9999-12-31 23:59:59',
      '2021-06-15 12:30:00',
    ],
  },
  {
    ...{
      name: 'tz',
      files: 'timestamptz',
      postgres: 'timestamptz',
      mariadb: 'timestamp(6) null',
      sqlite: null,
      spark: 'timestamp',
    },
    values: [
      '2020-03-29 01:30:00',
      '1970-01-01 00:00:01',
      '2021-06-15 12:30:00.25',
      '2037-12-31 23:59:59.999999',
    ],
  },
  {
    name: 'tm',
    files: 'time',
    postgres: 'time',
    mariadb: 'time(6)',
    sqlite: 'time',
    spark: null,
    values: ['00:00:00', '23:59:59.999999', '12:00:00'],
  },
  {
    name: 'uu',
    files: 'uuid',
    postgres: 'uuid',
    mariadb: 'uuid',
    sqlite: 'uuid',
    spark: null,
    values: [
      '00000000-0000-0000-0000-000000000000',
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
      '123e4567-e89b-12d3-a456-426614174000',
    ],
  },
];

const FEW_ROWS = 5;

export type KindName = 'postgres' | 'mariadb' | 'sqlite' | 'spark' | 'files';

export interface KindsTable {
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly values: readonly string[];
  }[];
  /** Says whether the kind has all columns. */
  has(kind: KindName): boolean;
  /** The statements that make the table. */
  create(kind: KindName): readonly string[];
}

/** A table `data` of some columns and rows. */
export function drawTable(draw: Draw): KindsTable {
  const everywhere = draw(2) === 0;
  const some = COLUMNS.filter(
    ({ sqlite, spark }) => draw(100) < 60 && !(everywhere && (sqlite === null || spark === null)),
  );
  const columns = some.length < 3 ? COLUMNS.slice(0, 5) : some;
  const rows = [0, 1, 5, 12, 30, 30][draw(6)]!;
  const cells = Array.from({ length: rows }, () =>
    columns.map(({ values }) => (draw(6) === 0 ? null : values[draw(values.length)]!)),
  );
  return {
    columns: columns.map(({ name, postgres, values }) => ({ name, type: postgres, values })),
    // A column that SQLite computes has no type where there are no rows, as in queries beside with a condition.
    has: (kind) =>
      columns.every((column) => column[kind] !== null) && (kind !== 'sqlite' || rows >= FEW_ROWS),
    create(kind) {
      if (kind === 'spark') return inSpark(columns, cells);
      const definition = columns.map((column) => `${column.name} ${column[kind]}`).join(', ');
      const lines = cells.map(
        (row, id) => `(${[String(id + 1), ...row.map((cell) => literal(cell, kind))].join(', ')})`,
      );
      return [
        'drop table if exists data',
        `create table data (id bigint primary key, ${definition})`,
        ...(lines.length === 0 ? [] : [`insert into data values ${lines.join(', ')}`]),
      ];
    },
  };
}

/** Spark inserts nothing that is not of the column's type already. */
function inSpark(
  columns: readonly KindsColumn[],
  cells: readonly (readonly (string | null)[])[],
): readonly string[] {
  const definition = columns.map(({ name, spark }) => `${name} ${spark}`).join(', ');
  const lines = cells.map(
    (row, id) =>
      `(${[id + 1, ...row.map((cell) => (cell === null ? 'null' : SPARK.quoteText(cell)))].join(', ')})`,
  );
  const names = columns.map(({ name }) => name);
  const casts = columns.map(
    ({ name, spark }) => `cast(${name} as ${spark!.replace(/^varchar.*/, 'string')})`,
  );
  return [
    'drop table if exists data',
    `create table data (id bigint, ${definition}) using parquet`,
    ...(lines.length === 0
      ? []
      : [
          `insert into data select ${['id', ...casts].join(', ')} from values ${lines.join(', ')} as t(${['id', ...names].join(', ')})`,
        ]),
  ];
}

function literal(cell: string | null, kind: KindName): string {
  if (cell === null) return 'null';
  const text = kind === 'mariadb' ? cell.replaceAll('\\', '\\\\') : cell;
  return `'${text.replaceAll("'", "''")}'`;
}
