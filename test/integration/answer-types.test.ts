/**
 * The types and values of Arrow and Parquet answers as foreign readers find them: apache-arrow and DuckDB always, pyarrow
 * where a Python has it. The expected types are those of the table in docs/formats.md.
 */
import { readFileSync } from 'node:fs';
import { DataType, type Field, type Table } from 'apache-arrow';
import { expect } from 'chai';
import { type Forkline, sharedForkline } from '../support/forkline.ts';
import { pythonWithArrow, runPython } from '../support/pyarrow.ts';
import { post, queryParquet, readArrow } from '../support/read-answer.ts';

interface TypeCase {
  /** The type's name, as in the table's first column. */
  readonly type: string;
  readonly sql: string;
  /** The engine's type in Parquet. */
  readonly duckdb: string;
  /** The text that DuckDB reads from the Parquet file. */
  readonly text: string;
}

const CASES: readonly TypeCase[] = [
  { type: 'bool', sql: 'true', duckdb: 'BOOLEAN', text: 'true' },
  { type: 'int64', sql: '9007199254740993', duckdb: 'BIGINT', text: '9007199254740993' },
  { type: 'float64', sql: '0.1::float8', duckdb: 'DOUBLE', text: '0.1' },
  {
    type: 'decimal(10,2)',
    sql: '-12345678.90::numeric(10,2)',
    duckdb: 'DECIMAL(10,2)',
    text: '-12345678.90',
  },
  { type: 'decimal(4,2)', sql: '3.10::numeric(4,2)', duckdb: 'DECIMAL(4,2)', text: '3.10' },
  { type: 'decimal(38,10)', sql: '1.5::numeric(38,10)', duckdb: 'DECIMAL(38,10)', text: '1.5000000000' },
  {
    type: 'decimal',
    sql: '12345678901234567890.5::numeric',
    duckdb: 'DECIMAL(38,18)',
    text: '12345678901234567890.500000000000000000',
  },
  {
    type: 'string',
    sql: "'a text of more than twelve bytes'",
    duckdb: 'VARCHAR',
    text: 'a text of more than twelve bytes',
  },
  { type: 'bytes', sql: String.raw`'\x00ff'::bytea`, duckdb: 'BLOB', text: String.raw`\x00\xFF` },
  { type: 'date', sql: "date '2001-02-03'", duckdb: 'DATE', text: '2001-02-03' },
  { type: 'time', sql: "time '04:05:06.789'", duckdb: 'TIME', text: '04:05:06.789' },
  {
    type: 'timestamp',
    sql: "timestamp '2001-02-03 04:05:06'",
    duckdb: 'TIMESTAMP',
    text: '2001-02-03 04:05:06',
  },
  {
    type: 'timestamptz',
    sql: "timestamptz '2001-02-03 04:05:06+00'",
    duckdb: 'TIMESTAMP WITH TIME ZONE',
    text: '2001-02-03 04:05:06+00',
  },
  { type: 'interval', sql: "interval '2 months 1 day'", duckdb: 'VARCHAR', text: '2 mons 1 day' },
  { type: 'json', sql: `'{"a": 1}'::json`, duckdb: 'VARCHAR', text: '{"a": 1}' },
  {
    type: 'uuid',
    sql: "'823e4567-e89b-12d3-a456-426614174000'::uuid",
    duckdb: 'UUID',
    text: '823e4567-e89b-12d3-a456-426614174000',
  },
  { type: 'list<int64>', sql: 'array[1, null, 3]', duckdb: 'BIGINT[]', text: '[1, NULL, 3]' },
  {
    type: 'list<string>',
    sql: "array['a text of more than twelve bytes', 'b']",
    duckdb: 'VARCHAR[]',
    text: '[a text of more than twelve bytes, b]',
  },
  {
    type: 'list<decimal(10,2)>',
    sql: 'array[1.50, 2]::numeric(10,2)[]',
    duckdb: 'DECIMAL(10,2)[]',
    text: '[1.50, 2.00]',
  },
  {
    type: 'list<decimal>',
    sql: 'array[1.5]::numeric[]',
    duckdb: 'DECIMAL(38,18)[]',
    text: '[1.500000000000000000]',
  },
  {
    type: 'list<uuid>',
    sql: "array['823e4567-e89b-12d3-a456-426614174000'::uuid, null]",
    duckdb: 'UUID[]',
    text: '[823e4567-e89b-12d3-a456-426614174000, NULL]',
  },
  { type: 'list<interval>', sql: "array[interval '2 months']", duckdb: 'VARCHAR[]', text: '[2 mons]' },
  { type: 'list<bool>', sql: 'array[true, false, null]', duckdb: 'BOOLEAN[]', text: '[true, false, NULL]' },
  {
    type: 'list<bytes>',
    sql: String.raw`array['\x00ff'::bytea]`,
    duckdb: 'BLOB[]',
    text: String.raw`[\x00\xFF]`,
  },
  {
    type: 'list<timestamptz>',
    sql: "array[timestamptz '2001-02-03 04:05:06+00']",
    duckdb: 'TIMESTAMP WITH TIME ZONE[]',
    text: "['2001-02-03 04:05:06+00']",
  },
];

/** Rows: a value, null, and values again past the size of an engine's vector, so that lists of many shapes meet. */
const ROWS = 5000;
const columnsOf = (cases: readonly TypeCase[]): string => cases.map(columnOf).join(', ');
/** A CASE has no size of a numeric, so that it is given one again. */
function columnOf({ sql }: TypeCase, index: number): string {
  const sized = /::numeric\(\d+,\d+\)(\[\])?$/.exec(sql)?.[0] ?? '';
  return `(case when i % 3 <> 1 then ${sql} end)${sized} as c${index}`;
}
const SQL = `select ${columnsOf(CASES)} from generate_series(0, ${ROWS - 1}) i`;

/** pyarrow's name of a type of ours, as the docs have it for the plain ones. */
function pyarrowType(type: string, table: ReadonlyMap<string, string>): string {
  const decimal = /^decimal\((\d+),(\d+)\)$/.exec(type);
  if (decimal !== null) return `decimal128(${decimal[1]}, ${decimal[2]})`;
  const list = /^list<(.*)>$/.exec(type);
  if (list !== null) return `list<element: ${pyarrowType(list[1]!, table)}>`;
  return table.get(type)!;
}

/** Types to what pyarrow calls them, from the table in docs/formats.md. */
function documentedTypes(): ReadonlyMap<string, string> {
  const text = readFileSync(new URL('../../docs/formats.md', import.meta.url), 'utf8');
  const [table] = text.slice(text.indexOf('<!-- types:')).split('\n#');
  const rows = table!.matchAll(/^\| `([^`]+)` \|.*\| `([^`]+)`[^|]*\|$/gm);
  return new Map([...rows].map(([, type, name]) => [type!, name!]));
}

/** Returns the name that pyarrow has for the type of a field that apache-arrow has read. */
function nameOf({ type, metadata }: Field): string {
  if (metadata.get('ARROW:extension:name') === 'arrow.uuid') return 'extension<arrow.uuid>';
  if (DataType.isList(type)) return `list<element: ${nameOf(type.children[0]!)}>`;
  if (DataType.isDecimal(type)) return `decimal${type.bitWidth}(${type.precision}, ${type.scale})`;
  return NAMES[String(type)] ?? String(type);
}

const NAMES: Readonly<Record<string, string>> = {
  Bool: 'bool',
  Int64: 'int64',
  Float64: 'double',
  Utf8: 'string',
  Binary: 'binary',
  'Date32<DAY>': 'date32[day]',
  'Time64<MICROSECOND>': 'time64[us]',
  'Timestamp<MICROSECOND>': 'timestamp[us]',
  'Timestamp<MICROSECOND, UTC>': 'timestamp[us, tz=UTC]',
};

describe('types of Arrow and Parquet', function () {
  this.timeout(240_000);
  let forkline: Forkline;
  const documented = documentedTypes();
  const expected = CASES.map(({ type }) => pyarrowType(type, documented));
  before(async () => {
    forkline = await sharedForkline();
  });

  const answerOf = async (query: string, format: string): Promise<Buffer> => {
    const { status, body } = await post(forkline, { query, format });
    if (status !== 200) throw new Error(body.toString());
    return body;
  };

  it('the table names every type that an answer has', async () => {
    const types = CASES.map(({ type }) => type).filter((type) => /^\w+$/.test(type));
    expect([...documented.keys()]).to.include.members([...types, 'decimal(10,2)', 'list<int64>']);
    const { columns } = JSON.parse((await answerOf(SQL, 'json')).toString());
    expect(columns.map(({ type }: { type: string }) => type)).to.deep.equal(CASES.map(({ type }) => type));
  });

  for (const stages of ['', ' | where true'])
    it(`of Arrow, read by apache-arrow${stages}`, async () => {
      const table = readArrow(
        await answerOf(`${stages === '' ? '' : 'set pushdown = off; '}${SQL}${stages}`, 'arrow'),
      );
      expect(table.numRows).to.equal(ROWS);
      expect(table.schema.fields.map(nameOf)).to.deep.equal(expected);
      expectArrowValues(table);
    });

  it('of Parquet, read by DuckDB', async () => {
    const body = await answerOf(SQL, 'parquet');
    const described = await queryParquet(
      body,
      forkline.dir,
      'SELECT column_type FROM (DESCRIBE SELECT * FROM $)',
    );
    expect(described.flat()).to.deep.equal(CASES.map(({ duckdb }) => duckdb));
    const texts = CASES.map((_, index) => `c${index}::VARCHAR`).join(', ');
    const rows = await queryParquet(body, forkline.dir, `SET TimeZone = 'UTC'; SELECT ${texts} FROM $`);
    expect(rows).to.have.lengthOf(ROWS);
    const wanted = CASES.map(({ text }) => text);
    for (const [i, row] of rows.entries()) {
      if (i % 3 === 1) expect(row).to.deep.equal(CASES.map(() => null));
      else expect(row).to.deep.equal(wanted);
    }
  });

  it('are the same in both, read by pyarrow, and so are the values', async function () {
    const python = pythonWithArrow();
    if (python === null) {
      console.log('      skipped: no python3 with pyarrow (FORKLINE_PYARROW names one; pip install pyarrow)');
      this.skip();
    }
    const [arrow, parquet] = [await answerOf(SQL, 'arrow'), await answerOf(SQL, 'parquet')];
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(arrow.length));
    const found = runPython(python, COMPARE, Buffer.concat([length, arrow, parquet])) as Compared;
    expect(found.arrow).to.deep.equal(expected);
    expect(found.parquet).to.deep.equal(expected);
    expect(found.equal).to.equal(true);
    expect(found.rows).to.equal(ROWS);
  });

  /** A reader of another make than DuckDB's, value by value against DuckDB's texts where JavaScript shows them alike. */
  function expectArrowValues(table: Table): void {
    const uuid = CASES.findIndex(({ type }) => type === 'uuid');
    const bytes = table.getChildAt(uuid)!.get(0) as Uint8Array;
    expect(Buffer.from(bytes).toString('hex')).to.equal(CASES[uuid]!.text.replaceAll('-', ''));
    for (const [index, { type, text }] of CASES.entries()) {
      const column = table.getChildAt(index)!;
      expect(column.nullCount, type).to.equal(Math.floor((ROWS + 1) / 3));
      if (/^(string|json|interval|int64|bool)$/.test(type))
        for (const row of [0, ROWS - 2]) expect(String(column.get(row)), type).to.equal(text);
    }
    const lists = table.getChildAt(CASES.findIndex(({ type }) => type === 'list<int64>'))!;
    for (const row of [0, 2, 4998]) expect([...lists.get(row)]).to.deep.equal([1n, null, 3n]);
    expect(lists.get(1)).to.equal(null);
  }
});

interface Compared {
  readonly arrow: readonly string[];
  readonly parquet: readonly string[];
  readonly equal: boolean;
  readonly rows: number;
}

const COMPARE = `
import io, json, struct, sys
import pyarrow as pa, pyarrow.parquet as pq
data = sys.stdin.buffer.read()
size, = struct.unpack('<Q', data[:8])
arrow = pa.ipc.open_stream(data[8:8 + size]).read_all()
arrow.validate(full=True)
parquet = pq.read_table(io.BytesIO(data[8 + size:]))
names = lambda table: [str(field.type) for field in table.schema]
print(json.dumps({'arrow': names(arrow), 'parquet': names(parquet), 'rows': arrow.num_rows,
  'equal': arrow.to_pylist() == parquet.to_pylist() and arrow.num_rows == parquet.num_rows}))
`;
