/**
 * Reads answers as a foreign client does: the bytes through a raw HTTP request, their rows with a reader of the format that
 * is not ours. What HTTP, the body and the reader say about the end is kept apart, so that a test can ask whether an
 * answer that failed could be taken for a whole one.
 */
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromIPC } from 'apache-arrow';
import type { Forkline } from './forkline.ts';

export interface RawAnswer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly trailers: NodeJS.Dict<string>;
  readonly body: Buffer;
  /** The body ended as HTTP says it should. */
  readonly ended: boolean;
}

/** POSTs a JSON body; never rejects once the server was reached. */
export function post(forkline: Forkline, body: object): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const path = `${forkline.url}/v1/query`;
    const sent = request(path, { method: 'POST', headers, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      const done = (ended: boolean) => () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          trailers: response.trailers,
          body: Buffer.concat(pieces),
          ended: ended && response.complete,
        });
      response.on('end', done(true));
      response.on('error', done(false));
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      // Cut before its first bytes were sent.
      if (error.code === 'ECONNRESET')
        resolve({ status: 0, headers: {}, trailers: {}, body: Buffer.alloc(0), ended: false });
      else reject(error);
    });
    sent.end(JSON.stringify(body));
  });
}

/** Returns how many rows a reader of `format` finds in a body; throws where it cannot read it to its end. */
export async function countRows(format: string, body: Buffer, dir: string): Promise<number> {
  switch (format) {
    case 'json':
      return (JSON.parse(body.toString()) as { rows: unknown[] }).rows.length;
    case 'ndjson': {
      const lines = body.toString().split('\n');
      if (lines.pop() !== '') throw new Error('the last line does not end');
      const rows = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      const end = rows.pop()?.['@end'] as { rowCount: number } | undefined;
      if (end?.rowCount !== rows.length) throw new Error('it has no @end, or another number of rows');
      return rows.length;
    }
    case 'csv':
      return body.toString().split('\r\n').length - 2; // the head of the text, and what follows the last line end
    case 'arrow':
      return readArrow(body).numRows;
    case 'parquet':
      return Number((await queryParquet(body, dir, 'SELECT count(*) FROM $'))[0]![0]);
    default:
      throw new Error(`no reader for ${format}`);
  }
}

/** Strict where apache-arrow is not: a stream without its end marker, or that ends inside of a message, throws. */
export function readArrow(body: Buffer) {
  let offset = 0;
  for (;;) {
    if (offset + 8 > body.length || body.readUInt32LE(offset) !== 0xffffffff)
      throw new Error(`no Arrow message at byte ${offset} of ${body.length}`);
    const metadataBytes = body.readUInt32LE(offset + 4);
    if (metadataBytes === 0) break;
    const table = offset + 8 + body.readUInt32LE(offset + 8);
    offset += 8 + metadataBytes + bodyLengthOf(body, table);
  }
  return tableFromIPC(body);
}

/** The field `bodyLength` of the flatbuffer table Message, whose fourth field it is. */
function bodyLengthOf(body: Buffer, table: number): number {
  const fields = table - body.readInt32LE(table);
  const place = fields + 4 + 2 * 3;
  const at = body.readUInt16LE(fields) > 4 + 2 * 3 ? body.readUInt16LE(place) : 0;
  return at === 0 ? 0 : Number(body.readBigInt64LE(table + at));
}

/** Rows of a query of DuckDB's over a Parquet body, for which `$` stands; `#` stands for its file's name. */
export async function queryParquet(body: Buffer, dir: string, sql: string): Promise<unknown[][]> {
  const file = join(dir, `read-${process.pid}-${files++}.parquet`);
  await writeFile(file, body);
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll(
      sql.replaceAll('$', `read_parquet('${file}')`).replaceAll('#', `'${file}'`),
    );
    return reader.getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

let files = 0;
