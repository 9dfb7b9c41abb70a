/** Excel workbooks as tables: types, dates, empty rows, and what is refused. Needs the engine's extension, from its package. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import { NoZip, zipEntries } from '../../../../../core/process/zip-entries.ts';
import type { FilesTable } from '../../../../../core/protocol/connection.ts';
import { QueryError } from '../../../../../core/protocol/errors.ts';
import { openTable } from '../../../../../workers/dsl/scans/open-table.ts';
import { type ScanContext, ScanMemory } from '../../../../../workers/dsl/scans/scan-context.ts';
import { extensionPackages } from '../../../../support/stores/engine-extensions.ts';

describe('Excel workbooks', function () {
  this.timeout(60_000);
  let dir: string;
  let instance: DuckDBInstance;
  let connection: DuckDBConnection;

  before(async function () {
    const wheel = extensionPackages(this).find((path) => path.includes('excel'))!;
    dir = mkdtempSync(join(tmpdir(), 'forkline-excel-'));
    mkdirSync(join(dir, 'y=2024'));
    const file = join(dir, 'excel.duckdb_extension');
    const entry = zipEntries(readFileSync(wheel)).find(({ name }) => name.endsWith('excel.duckdb_extension'));
    writeFileSync(file, entry!.content());
    instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    connection = await instance.connect();
    await connection.run(`LOAD '${file}'`);
  });
  after(() => {
    connection?.closeSync();
    instance?.closeSync();
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
  });

  const write = (path: string, sql: string): Promise<unknown> =>
    connection.run(`COPY (${sql}) TO '${join(dir, path)}' (FORMAT xlsx, HEADER true, SHEET 'Data')`);

  const read = async (
    path: string,
    options: Partial<FilesTable> = {},
  ): Promise<{ types: string[]; rows: unknown }> => {
    const memory = new ScanMemory();
    const context: ScanContext = {
      ...{ connection, memory, textDir: dir, textBytes: 1e6, maxLineBytes: 1e6, check: () => {} },
      extensions: new Set(['excel']),
      treeOf: ({ root }) => memory.treeOf(root),
    };
    const files = { kind: 'files' as const, root: dir, tables: { t: { path, ...options } } };
    const table = await openTable(context, files, 't');
    const found = new Map([[table.first.path, await table.tree.identify(table.first.path)]]);
    const rows = await connection.runAndReadAll(await table.inFiles.read(found));
    return { types: table.columns.map(({ name, type }) => `${name} ${type}`), rows: rows.getRowsJson() };
  };

  const refused = async (path: string, options: Partial<FilesTable> = {}): Promise<string> => {
    try {
      await read(path, options);
      return 'read';
    } catch (thrown) {
      return thrown instanceof QueryError ? `${thrown.code}: ${thrown.message}` : (thrown as Error).message;
    }
  };

  const MIXED = `select * from (values
    (1, 'a', date '2024-01-02', 1.5, true, timestamp '2024-01-02 03:04:05', time '01:02:03'),
    (null, null, null, null, null, null, null),
    (3, 'b', date '1999-12-31', 2.25, false, timestamp '9999-12-31 23:59:59', time '23:59:59')) t(n, t, d, f, b, ts, tm)`;

  it('have the types of the cells below their names, and all rows that are not empty', async () => {
    await write('mixed.xlsx', MIXED);
    expect(await read('mixed.xlsx')).to.deep.equal({
      types: ['n DOUBLE', 't VARCHAR', 'd DATE', 'f DOUBLE', 'b BOOLEAN', 'ts TIMESTAMP', 'tm TIME'],
      rows: [
        [1, 'a', '2024-01-02', 1.5, true, '2024-01-02 03:04:05', '01:02:03'],
        [3, 'b', '1999-12-31', 2.25, false, '9999-12-31 23:59:59', '23:59:59'],
      ],
    });
  });

  it('have declared types, exactly or not at all', async () => {
    await write('mixed.xlsx', MIXED);
    const { types, rows } = await read('mixed.xlsx', {
      columns: { n: 'int64', f: 'decimal(6,2)', d: 'timestamp' },
    });
    expect(types.slice(0, 4)).to.deep.equal(['n BIGINT', 't VARCHAR', 'd TIMESTAMP', 'f DECIMAL(6,2)']);
    expect((rows as unknown[][])[0]!.slice(0, 4)).to.deep.equal(['1', 'a', '2024-01-02 00:00:00', '1.50']);
    expect(await refused('mixed.xlsx', { columns: { f: 'int64' } })).to.match(
      /the column f holds .*1\.50?.*, which is no int64/,
    );
    expect(await refused('mixed.xlsx', { columns: { x: 'int64' } })).to.match(
      /^bad-file: mixed\.xlsx has no column x/,
    );
  });

  it('with a cell of another type are an error', async () => {
    await write('odd.xlsx', "select case i when 2 then 'abc' else i::varchar end as v from range(5) r(i)");
    expect((await read('odd.xlsx')).types).to.deep.equal(['v VARCHAR']);
    expect(await refused('odd.xlsx', { columns: { v: 'float64' } })).to.match(
      /the column v holds .*abc.*, which is no float64/,
    );
  });

  it('have a sheet that is named, and partitions', async () => {
    await write('y=2024/one.xlsx', 'select 1 as a');
    expect(await read('y=2024/one.xlsx', { sheet: 'Data' })).to.deep.equal({
      types: ['a DOUBLE', 'y BIGINT'],
      rows: [[1, '2024']],
    });
    expect(await refused('y=2024/one.xlsx', { sheet: 'Nope' })).to.match(/Sheet "Nope" not found/);
  });

  it('that are none are errors', async () => {
    writeFileSync(join(dir, 'none.xlsx'), 'hello');
    expect(await refused('none.xlsx')).to.match(/^bad-file: none\.xlsx: it is no workbook of Excel/);
    await write('cut.xlsx', MIXED);
    writeFileSync(join(dir, 'cut.xlsx'), readFileSync(join(dir, 'cut.xlsx')).subarray(0, 900));
    expect(await refused('cut.xlsx')).to.match(/^bad-file: cut\.xlsx: it is no workbook of Excel/);
    expect(() => zipEntries(Buffer.from('no archive'))).to.throw(NoZip);
  });
});
