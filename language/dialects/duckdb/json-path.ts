/**
 * The SQL that takes steps into JSON in the stage engine. The engine's own notation of paths cannot say
 * every key: an empty one is an error in it, `"*"` means all keys, and characters after a backslash are others. Such keys go
 * as a JSON pointer, which can say all of them; but a pointer takes a number for a place in an array as well.
 */
import type { JsonStep } from '../../types/json-path.ts';
import { quoteText } from './sql.ts';

/** SQL of what lies there, by the engine's function `engineName`; the whole value when there are no steps. */
export function extraction(engineName: string, json: string, steps: readonly JsonStep[]): string {
  const paths = pathsOf(steps);
  const inner = paths.slice(0, -1).reduce((from, path) => `json_extract(${from}, ${quoteText(path)})`, json);
  return `${engineName}(${inner}, ${quoteText(paths.at(-1)!)})`;
}

/** Returns the paths that are applied one after the other: as few as possible, since each is a call. */
function pathsOf(steps: readonly JsonStep[]): readonly string[] {
  const paths: string[] = [];
  for (const step of steps) {
    const piece = pieceOf(step);
    const last = paths.at(-1);
    if (last !== undefined && last.startsWith('/') === piece.startsWith('/'))
      paths[paths.length - 1] = last + piece;
    else paths.push(piece.startsWith('/') ? piece : `$${piece}`);
  }
  return paths.length === 0 ? ['$'] : paths;
}

/** More digits than any array has places are past its end; the engine would read some other number. */
const MOST_DIGITS = 15;

function pieceOf(step: JsonStep): string {
  if ('place' in step) return `[${step.place.length > MOST_DIGITS ? '9'.repeat(MOST_DIGITS) : step.place}]`;
  if (/^[\w-]+$/.test(step.key)) return `."${step.key}"`;
  return `/${step.key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
