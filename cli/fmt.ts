/**
 * `forkline fmt`: formats queries, one a file, without a server. A file whose query does not parse is reported with the
 * place and left as it is, and the others are still done. Files are replaced by rename, so that nobody reads half of one.
 */
import { readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { QueryError } from '../core/protocol/errors.ts';
import { formatQuery } from '../language/editor/format.ts';
import { renderError } from '../language/editor/render-error.ts';
import type { FmtOptions } from './kit/edit-options.ts';

export interface FmtStreams {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** The exit code: 1 when something could not be read or parsed, or `check` found something. */
export async function runFmt({ files, mode, language }: FmtOptions, streams: FmtStreams): Promise<number> {
  let code = 0;
  for (const file of files.length === 0 ? ['-'] : files)
    if (!(await formatOne(file, { mode, ...(language !== undefined && { language }) }, streams))) code = 1;
  return code;
}

/** Resolves to whether all is well with this file. */
async function formatOne(
  file: string,
  { mode, language }: Omit<FmtOptions, 'files'>,
  streams: FmtStreams,
): Promise<boolean> {
  const shown = file === '-' ? 'stdin' : file;
  const before = await readQuery(file, streams).catch((error: NodeJS.ErrnoException) => {
    streams.stderr.write(`forkline: ${shown} cannot be read: ${error.message}\n`);
    return null;
  });
  if (before === null) return false;
  const after = formattedOrNull(before, shown, language, streams.stderr);
  if (after === null) return false;
  if (mode === 'print' || (mode === 'write' && file === '-')) streams.stdout.write(after);
  else if (after !== before) return await differs(file, shown, after, mode, streams);
  return true;
}

async function readQuery(file: string, { stdin }: FmtStreams): Promise<string> {
  if (file === '-') return await text(stdin);
  const bytes = await readFile(file);
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

function formattedOrNull(
  before: string,
  shown: string,
  language: 'legacy' | undefined,
  stderr: NodeJS.WritableStream,
): string | null {
  try {
    return formatQuery(before, undefined, language ?? null);
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    stderr.write(`${shown}: ${renderError(thrown.toWire(), before).text}\n`);
    return null;
  }
}

async function differs(
  file: string,
  shown: string,
  after: string,
  mode: 'check' | 'write',
  { stdout, stderr }: FmtStreams,
): Promise<boolean> {
  stdout.write(`${shown}\n`);
  if (mode === 'check') return false;
  try {
    await replaceFile(file, after);
    return true;
  } catch (error) {
    stderr.write(`forkline: ${shown} cannot be written: ${(error as Error).message}\n`);
    return false;
  }
}

/** A link goes on pointing where it did, and the file keeps its mode. */
async function replaceFile(file: string, content: string): Promise<void> {
  const path = await realpath(file);
  const { mode } = await stat(path);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, content, { mode, flag: 'wx' });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
