/** Suggestions for a mistyped name: the known name with the fewest edits, when they are few enough to mean it. */
import { editDistance } from '../protocol/suggest.ts';

export function closestName(name: string, known: readonly string[]): string | null {
  const wanted = name.toLowerCase();
  const ranked = known
    .map((candidate) => ({ candidate, edits: editDistance(wanted, candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best !== undefined && best.edits <= Math.max(1, Math.floor(wanted.length / 3))
    ? best.candidate
    : null;
}
