/**
 * The first line of a CSV file: the names of its columns, and how its lines end. The engine is told both, and guesses nothing:
 * its own detection drops lines that do not fit its guess.
 */
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { QueryError } from '../../core/protocol/errors.ts';
import { isCompressed } from './formats.ts';

export interface CsvHead {
  /** The fields of the first line. */
  readonly fields: readonly string[];
  readonly newLine: '\n' | '\r\n';
}

/** The longest first line. */
const MAX_HEAD_BYTES = 1024 * 1024;
const BYTE_ORDER_MARK = '\uFEFF';

/** Reads the head of a file of UTF-8 from its bytes. `name`: how errors call it. Throws `bad-file`. */
export async function readCsvHead(source: Readable, name: string, delimiter: string): Promise<CsvHead> {
  const input = isCompressed(name) ? source.pipe(createGunzip()) : source;
  source.on('error', (error) => input.destroy(error));
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      const head = parseHead(decoded(chunks, name, false), delimiter, name, false);
      if (head !== null) return head;
      if (size > MAX_HEAD_BYTES) throw bad(name, `its first line has more than ${MAX_HEAD_BYTES} bytes`);
    }
    return parseHead(decoded(chunks, name, true), delimiter, name, true)!; // at the end there always is one
  } catch (thrown) {
    throw thrown instanceof QueryError ? thrown : bad(name, String((thrown as Error).message));
  } finally {
    source.destroy();
  }
}

/** A chunk may end in the middle of a character. */
function decoded(chunks: readonly Buffer[], name: string, whole: boolean): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks), {
      stream: !whole,
    });
  } catch {
    throw new QueryError('bad-file', `${name} is not encoded as UTF-8`, {
      hint: 'give the table its encoding in the configuration: "encoding": "cp949"',
    });
  }
}

/** Returns null when the text ends before its first line does, and `whole` is false. */
function parseHead(text: string, delimiter: string, name: string, whole: boolean): CsvHead | null {
  const fields: string[] = [];
  let at = text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
  for (;;) {
    const quoted = text[at] === '"';
    const end = quoted ? endOfQuoted(text, at) : endOfPlain(text, at, delimiter);
    if (end > text.length || (end === text.length && !whole)) {
      if (!whole) return null;
      if (end > text.length) throw bad(name, 'a quote in its first line is not closed');
    }
    const field = text.slice(at, end);
    fields.push(quoted ? field.slice(1, -1).replaceAll('""', '"') : field);
    const next = text[end];
    if (next === delimiter) at = end + 1;
    else if (next === undefined || next === '\n') return { fields, newLine: '\n' };
    else if (next === '\r') {
      if (text[end + 1] === undefined && !whole) return null;
      if (text[end + 1] !== '\n') throw bad(name, 'its lines end with a carriage return alone');
      return { fields, newLine: '\r\n' };
    } else throw bad(name, 'text follows a closing quote in its first line');
  }
}

/** The offset behind the closing quote; beyond the text when there is none. */
function endOfQuoted(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== '"') continue;
    if (text[at + 1] !== '"') return at + 1;
    at++;
  }
  return text.length + 1;
}

function endOfPlain(text: string, start: number, delimiter: string): number {
  let at = start;
  while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') at++;
  return at;
}

function bad(name: string, why: string): QueryError {
  return new QueryError('bad-file', `${name} is no CSV: ${why}`, {
    hint: 'mend the file, or name its delimiter in the configuration',
  });
}
