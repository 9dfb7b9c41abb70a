/**
 * Text files in other encodings as files of UTF-8, in a directory of this worker's own. The engine's own decoders are wrong for
 * Korean text, and so is Node's. A byte that stands for no character is an error with its place.
 */
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { FileTree, Identity } from '../../../connectors/files/file-tree.ts';
import { isCompressed } from '../../../connectors/files/formats.ts';
import type { FileEncoding } from '../../../core/protocol/connection.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { ScanContext } from './scan-context.ts';
import type { TableFiles } from './table-files.ts';

/** Bytes that were written in this directory so far, by this process. */
const WRITTEN = new Map<string, number>();
/** Files that were transcoded already; they are gone when the directory is emptied. */
const DONE = new Map<string, string>();

/** Forgets what was written: the directory is empty again. */
export function forgetTexts(textDir: string): void {
  WRITTEN.delete(textDir);
  for (const [key, path] of DONE) if (path.startsWith(textDir)) DONE.delete(key);
}

/** Returns the name by which the engine opens the text of a file in UTF-8. */
export async function textFile(
  { context, table: { encoding = 'utf-8' }, tree }: TableFiles,
  path: string,
  identity: Identity,
): Promise<string> {
  return encoding === 'utf-8'
    ? tree.engineFile(path, identity)
    : await transcoded(context, tree, path, identity, encoding);
}

/** Returns the path of the same text in UTF-8. */
async function transcoded(
  { textDir, textBytes, check }: ScanContext,
  tree: FileTree,
  path: string,
  identity: Identity,
  encoding: FileEncoding,
): Promise<string> {
  const key = `${textDir}\n${identity.stamp}\n${encoding}`;
  const known = DONE.get(key);
  if (known !== undefined) return known;
  const target = join(textDir, String(DONE.size), path.replace(/\.gz$/i, ''));
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  const { default: iconv } = await import('iconv-lite');
  const decode = iconv.decodeStream(encoding === 'euc-kr' ? 'cp949' : encoding);
  const count = counted(textDir, textBytes, check);
  const place = checked(path, encoding);
  const source = tree.open(path, identity);
  const sink = createWriteStream(target, { mode: 0o600 });
  if (isCompressed(path)) await pipeline(source, createGunzip(), decode, place, count, sink);
  else await pipeline(source, decode, place, count, sink);
  DONE.set(key, target);
  return target;
}

const UNREADABLE = '\uFFFD';

/** The decoder puts U+FFFD where a byte stands for no character; no text in these encodings holds it. */
function checked(path: string, encoding: FileEncoding): Transform {
  let line = 1;
  return new Transform({
    decodeStrings: false,
    transform(chunk: string, _, done) {
      const text = String(chunk);
      const at = text.indexOf(UNREADABLE);
      const before = at === -1 ? text : text.slice(0, at);
      for (let next = before.indexOf('\n'); next !== -1; next = before.indexOf('\n', next + 1)) line++;
      if (at === -1) done(null, text);
      else
        done(
          new QueryError(
            'bad-file',
            `${path}, line ${line}: there are bytes that are no text in ${encoding}`,
            {
              hint: 'give the table the encoding that the file has, or mend the file',
            },
          ),
        );
    },
  });
}

function counted(textDir: string, textBytes: number, check: () => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const bytes = (WRITTEN.get(textDir) ?? 0) + chunk.length;
      WRITTEN.set(textDir, bytes);
      try {
        check();
        if (bytes > textBytes) throw tooMuch(textBytes);
        done(null, chunk);
      } catch (thrown) {
        done(thrown as Error);
      }
    },
  });
}

function tooMuch(textBytes: number): QueryError {
  return new QueryError(
    'spill-exceeded',
    `the files of this query are more than ${textBytes} bytes as UTF-8`,
    {
      hint: 'read fewer files at once, or convert them to UTF-8 or Parquet',
      limit: { name: 'dslSpillBytes', value: textBytes },
    },
  );
}
