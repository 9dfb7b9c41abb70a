/**
 * The engine's errors about files as ours: they name the file by its path below the root, and the line where the engine knows
 * one. No text shows where on the machine a root is.
 */

import type { RemoteCall } from '../../../connectors/files/stores/remote-files.ts';
import { STORE_ROOT } from '../../../connectors/files/stores/store-root.ts';
import type { FilesConnection } from '../../../core/protocol/connection.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { ScanContext } from './scan-context.ts';

type Roots = Pick<ScanContext, 'memory' | 'textDir'> & {
  /** The stores that the query reads; null where it reads none. */
  readonly remote?: RemoteCall | null;
  readonly connections: Readonly<Record<string, FilesConnection>>;
};

/** Ways in which the engine says that a file is not what it should be, with what people are told. */
const FAULTS: readonly (readonly [RegExp, string])[] = [
  [
    /No magic bytes found|too small to be a Parquet|not a Parquet file/i,
    'it is no Parquet file, or is cut off',
  ],
  [/CSV Error on Line: \d+.*unterminated quote/is, 'a quote is not closed, or text follows a closing quote'],
  [/Expected Number of Columns: (\d+) Found: (\d+)/i, 'a line has another number of fields than the first'],
  [/not utf-8 encoded|Invalid unicode|byte sequence mismatch/i, 'it is not encoded as UTF-8'],
  [/Maximum line size of|maximum_line_size/i, 'a line is too long'],
  [
    /state machine reached an invalid state|Error when sniffing file/i,
    'it is no CSV: quotes, ends of lines or numbers of fields differ',
  ],
  [
    /Malformed JSON|Could not read unquoted|unexpected (end of data|character)/i,
    'it has a line that is no JSON',
  ],
  [
    /schema mismatch|failed to cast column|Schema mismatch between globbed files/i,
    'it has other columns than the first file',
  ],
  [/No such file|Cannot open file|does not exist/i, 'it is not there any more, or may not be read'],
  [/Permission denied/i, 'this server may not read it'],
];
/** Errors that reading a file causes; an expression of the user's causes others. */
const OF_READING =
  /^(IO|HTTP|Invalid Input|Serialization|Conversion|Invalid|Corrupt|Not implemented|INTERNAL|TransactionContext|Out of Range) Error/i;
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/UTF-8/, 'give the table its encoding in the configuration: "encoding": "cp949"'],
  [/may not read/, 'give the user that the server runs as the right to read it'],
];

/** Returns the error about a file that the engine's error is; null when it is about something else. */
export function fileError(thrown: unknown, tools: Roots): QueryError | null {
  const told = thrown instanceof Error ? thrown.message : '';
  const message = tools.remote?.session.withPaths(told) ?? told;
  const file = fileIn(message, tools);
  const fault = FAULTS.find(([pattern]) => pattern.test(message));
  if (fault === undefined && (file === null || !OF_READING.test(message))) return null;
  const line = /CSV Error on Line: (\d+)|in line (\d+)/i.exec(message);
  const number = line?.[1] ?? line?.[2];
  const place = `${file ?? 'a file'}${number === undefined ? '' : `, line ${number}`}`;
  const why = fault?.[1] ?? withoutRoots(sentence(message), tools);
  const hint = HINTS.find(([pattern]) => pattern.test(why))?.[1] ?? 'mend or remove the file';
  return new QueryError('bad-file', `${place}: ${why}`, { hint }, thrown);
}

function sentence(message: string): string {
  return message
    .replace(/^[A-Za-z ]+ Error: */i, '')
    .split(/\n/, 1)[0]!
    .trim();
}

/** The path below its root of the last file that a message names: the first may be the one that it is compared with. */
function fileIn(message: string, tools: Roots): string | null {
  const subject =
    /Current file: (\/[^\n]+)|[Ff]ailed to read file "([^"]+)"|while reading file "([^"]+)"|^\s*file ?= ?(\/[^\n]+)/m.exec(
      message,
    );
  const named = subject?.slice(1).find((path) => path !== undefined);
  const text = named ?? message;
  for (const root of rootsOf(tools)) {
    const at = text.indexOf(`${root}/`);
    if (at === -1) continue;
    const below = text.slice(at + root.length + 1);
    const path = root === tools.textDir ? below.replace(/^\d+\//, '') : below;
    return named === undefined ? (/^[^'"\n]*/.exec(path)?.[0] ?? path) : path.trim();
  }
  return null;
}

function withoutRoots(text: string, tools: Roots): string {
  return rootsOf(tools).reduce((shown, root) => shown.replaceAll(`${root}/`, ''), text);
}

function rootsOf({ connections, memory, textDir }: Roots): readonly string[] {
  const roots = Object.values(connections).flatMap(({ root, store }) => {
    if (store !== undefined) return [STORE_ROOT];
    try {
      return [memory.treeOf(root).root, root];
    } catch {
      return [root];
    }
  });
  return [...roots, textDir];
}
