/** The differences between two definitions of a model, member by member; texts line by line. */
import { isDeepStrictEqual } from 'node:util';
import type { ModelDefinition } from './definition.ts';
import { writtenDefinition } from './definition.ts';

export interface MemberDiff {
  readonly member: string;
  /** Left out: it was not there. */
  readonly before?: unknown;
  readonly after?: unknown;
  /** Of texts with several lines: `  same`, `- gone`, `+ new`. */
  readonly lines?: readonly string[];
}

/** Returns the members that differ; `null`: there is no model. */
export function diffOf(before: ModelDefinition | null, after: ModelDefinition | null): readonly MemberDiff[] {
  const old: Readonly<Record<string, unknown>> = before === null ? {} : writtenDefinition(before);
  const next: Readonly<Record<string, unknown>> = after === null ? {} : writtenDefinition(after);
  const members = [...new Set([...Object.keys(old), ...Object.keys(next)])];
  return members
    .filter((member) => !isDeepStrictEqual(old[member], next[member]))
    .map((member) => {
      const [was, is] = [old[member], next[member]];
      const both = typeof was === 'string' && typeof is === 'string' && `${was}${is}`.includes('\n');
      return {
        member,
        ...(was !== undefined && { before: was }),
        ...(is !== undefined && { after: is }),
        ...(both && { lines: lineDiff(was.split('\n'), is.split('\n')) }),
      };
    });
}

/** The most lines that are compared one by one; of longer texts the changed middle is shown as a whole. */
const MOST_LINES = 2000;

function lineDiff(before: readonly string[], after: readonly string[]): readonly string[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before.at(-1 - tail) === after.at(-1 - tail)
  )
    tail++;
  const old = before.slice(head, before.length - tail);
  const next = after.slice(head, after.length - tail);
  const middle =
    old.length > MOST_LINES || next.length > MOST_LINES
      ? [...old.map((line) => `- ${line}`), ...next.map((line) => `+ ${line}`)]
      : middleDiff(old, next);
  const same = (line: string): string => `  ${line}`;
  return [...before.slice(0, head).map(same), ...middle, ...before.slice(before.length - tail).map(same)];
}

/** By the longest common subsequence. */
function middleDiff(old: readonly string[], next: readonly string[]): readonly string[] {
  const width = next.length + 1;
  const common = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = next.length - 1; j >= 0; j--)
      common[i * width + j] =
        old[i] === next[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < next.length)
    if (i < old.length && j < next.length && old[i] === next[j]) {
      lines.push(`  ${old[i]}`);
      i++;
      j++;
    } else if (
      j === next.length ||
      (i < old.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!)
    )
      lines.push(`- ${old[i++]}`);
    else lines.push(`+ ${next[j++]}`);
  return lines;
}
