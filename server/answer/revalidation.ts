/** ETag and If-None-Match of answers that are held back as a whole. */
import { createHash } from 'node:crypto';

/** The conditions under which a client that has an answer already gets it again. */
export interface Revalidation {
  /** Text that tells answers with the same bytes apart. */
  readonly seed: string;
  readonly ifNoneMatch: string | undefined;
  readonly cacheControl: string;
}

/** Returns a weak tag: the same rows have the same, whatever else the answer tells of how it was made. */
export function weakTag(seed: string, rows: readonly Buffer[], complete: boolean): string {
  const hash = createHash('sha256').update(`${seed} ${complete}\n`);
  for (const bytes of rows) hash.update(bytes);
  return `W/"${hash.digest('base64url').slice(0, 27)}"`;
}

export function matchesTag(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  const opaque = tag.replace(/^W\//, '');
  return ifNoneMatch.split(',').some((each) => each.trim().replace(/^W\//, '') === opaque);
}
