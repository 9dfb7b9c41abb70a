import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Column } from '../../../../core/protocol/types.ts';
import { nameColumns, type StandIns, standInsFor } from '../../../../workers/dsl/parquet-names.ts';
import { copyParquet } from '../../../../workers/dsl/statements.ts';
import { withEngine } from './support.ts';

const named = (...names: string[]): readonly Column[] =>
  names.map((name) => ({ name, type: { kind: 'int64' } }));

describe('names of Parquet', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'forkline-parquet-'));
  });
  after(() => rm(dir, { recursive: true }));

  async function written(columns: readonly Column[], standIns: StandIns, rows: string): Promise<Buffer> {
    const file = join(dir, 'written.parquet');
    await withEngine((connection) => connection.run(copyParquet(rows, columns, standIns.names, file)));
    return readFile(file);
  }

  function renamed(body: Buffer, standIns: StandIns, columns: readonly Column[], blockBytes: number): Buffer {
    const ending = nameColumns(standIns, columns);
    const pieces: Buffer[] = [];
    for (let at = 0; at < body.length; at += blockBytes)
      pieces.push(Buffer.from(ending.pass(body.subarray(at, at + blockBytes))));
    return Buffer.concat([...pieces, ending.end()]);
  }

  it('need stand-ins only where two differ by case', () => {
    expect(standInsFor(named('a', 'b', 'A_1'))).to.equal(null);
    expect(standInsFor(named('a', 'b', 'A'))!.names).to.have.lengthOf(3);
    expect(standInsFor(named('é', 'É'))).to.not.equal(null);
  });

  it('are the same, however the file is cut into blocks, and so are the rows', async () => {
    const columns = named('a', 'A', '€'.repeat(50), 'x'.repeat(127), 'X'.repeat(127), '');
    const standIns = standInsFor(columns)!;
    const rows = 'SELECT i AS c0, -i AS c1, 7 AS c2, i AS c3, i AS c4, i AS c5 FROM range(3000) r(i)';
    const body = await written(columns, standIns, rows);
    const whole = renamed(body, standIns, columns, body.length);
    for (const blockBytes of [1, 7, 64, 255, 256, 257, 4096, body.length - 9])
      expect(renamed(body, standIns, columns, blockBytes).equals(whole), `${blockBytes}`).to.equal(true);
    const file = join(dir, 'renamed.parquet');
    await writeFile(file, whole);
    const read = async (sql: string): Promise<unknown[][]> =>
      withEngine(async (connection) => (await connection.runAndReadAll(sql)).getRowsJson());
    const schema = await read(`SELECT name FROM parquet_schema('${file}')`);
    expect(schema.flat().slice(1)).to.deep.equal(columns.map(({ name }) => name));
    const paths = await read(
      `SELECT DISTINCT path_in_schema FROM parquet_metadata('${file}') ORDER BY column_id`,
    );
    expect(paths.flat().sort()).to.deep.equal(columns.map(({ name }) => name).sort());
    const sums = await read(`SELECT sum(a)::VARCHAR, sum("A_1")::VARCHAR, count(*)::VARCHAR FROM '${file}'`);
    expect(sums).to.deep.equal([['4498500', '-4498500', '3000']]);
  });

  it('that are values too, or that look like stand-ins, change nothing but names', async () => {
    const columns = named('a', 'A');
    const standIns = standInsFor(columns)!;
    const text = `${'0'.repeat(32)}_000001`;
    const rows = `SELECT '${text}' AS c0, 'PAR1' AS c1 FROM range(10)`;
    const whole = renamed(await written(columns, standIns, rows), standIns, columns, 100);
    const file = join(dir, 'values.parquet');
    await writeFile(file, whole);
    const values = await withEngine(async (connection) =>
      (await connection.runAndReadAll(`SELECT DISTINCT a, "A_1" FROM '${file}'`)).getRowsJson(),
    );
    expect(values).to.deep.equal([[text, 'PAR1']]);
  });

  it('of what is no Parquet file are an error', () => {
    const columns = named('a', 'A');
    for (const body of ['', 'PAR1', 'x'.repeat(1000), standInsFor(columns)!.names.join()])
      expect(() => renamed(Buffer.from(body), standInsFor(columns)!, columns, 100)).to.throw(
        'footer was not found',
      );
  });
});
