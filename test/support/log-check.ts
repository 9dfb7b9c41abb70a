/**
 * "Every line that any process wrote is in the one log file, whole", checked at the end of every run under test.
 * Lines carry `stream` (one per process life) and `seq` (1, 2, 3, ... as written): a gap is a lost line, a repeat a
 * doubled one, text that is not JSON a torn one. A process that stopped in order says `stopped` as its last line.
 */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { logFiles } from '../fixtures/logger/harness.ts';

interface Line {
  readonly process: string;
  readonly stream: string;
  readonly seq: number;
  readonly event: string;
}

/** Throws with everything that is wrong with the log of one run: `file`, and its rotated ones. */
export async function expectWholeLog(file: string): Promise<void> {
  const problems: string[] = [];
  const streams = new Map<string, Line[]>();
  for (const text of await linesOf(file)) {
    const line = parse(text);
    if (line === null) problems.push(`torn: ${text.slice(0, 200)}`);
    // Raw output of a process has no sequence of its own, only a place in its file.
    else if (line.event !== 'raw-output') {
      const before = streams.get(line.stream);
      if (before === undefined) streams.set(line.stream, [line]);
      else before.push(line);
    }
  }
  for (const lines of streams.values()) problems.push(...gaps(lines));
  if (problems.length > 0) throw new Error(`the log is not whole:\n${problems.slice(0, 20).join('\n')}`);
}

async function linesOf(file: string): Promise<string[]> {
  const texts = await Promise.all(logFiles(file).map(textOf));
  return texts.flatMap((text) => text.split('\n')).filter((text) => text !== '');
}

async function textOf(path: string): Promise<string> {
  const bytes = await readFile(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

function parse(text: string): Line | null {
  try {
    const line = JSON.parse(text) as Line;
    return typeof line.seq === 'number' && typeof line.stream === 'string' ? line : null;
  } catch {
    return null;
  }
}

/** In the order of the file, so that a line out of order shows as well. */
function gaps(lines: readonly Line[]): string[] {
  return lines.flatMap(({ process, seq, event }, i) =>
    seq === i + 1 ? [] : [`${process}: line ${i + 1} has seq ${seq} (${event})`],
  );
}
