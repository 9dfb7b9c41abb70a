/** "Did you mean": names near to a mistaken one by edit distance with transpositions. */

/** The most characters of a name that are compared: the author of a query may write a name of any length. */
const MAX_COMPARED = 64;
const MAX_SUGGESTIONS = 3;

/** Returns at most three of `candidates`: those nearest to `name`, if near enough to be meant. Ignores case. */
export function suggest(name: string, candidates: Iterable<string>): readonly string[] {
  const wanted = name.slice(0, MAX_COMPARED).toLowerCase();
  const allowed = wanted.length <= 3 ? 1 : Math.min(3, Math.ceil(wanted.length / 3));
  const near: { name: string; distance: number }[] = [];
  for (const candidate of new Set(candidates)) {
    const other = candidate.slice(0, MAX_COMPARED).toLowerCase();
    if (Math.abs(other.length - wanted.length) > allowed) continue;
    const distance = editDistance(wanted, other);
    if (distance <= allowed && distance < wanted.length) near.push({ name: candidate, distance });
  }
  near.sort((a, b) => a.distance - b.distance);
  const best = near[0]?.distance ?? 0;
  return near
    .filter((entry) => entry.distance === best)
    .slice(0, MAX_SUGGESTIONS)
    .map((entry) => entry.name);
}

/** Returns "did you mean `a` or `b`?"; null without suggestions. */
export function didYouMean(suggestions: readonly string[]): string | null {
  if (suggestions.length === 0) return null;
  return `did you mean ${suggestions.map((name) => `\`${name}\``).join(' or ')}?`;
}

/** Returns the distance by optimal string alignment: an insertion, deletion, replacement or swap of neighbours costs 1. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replace, last[j]! + 1, row[j - 1]! + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, beforeLast[j - 2]! + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
