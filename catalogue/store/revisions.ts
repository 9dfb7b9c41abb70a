/** What all changes have in common: an author, an expected version, their turn, and a note that every server hears of. */
import { QueryError } from '../../core/protocol/errors.ts';
import type { Transaction } from './store.ts';
import { CHANNEL } from './watch.ts';

export interface Authorship {
  readonly author: string;
  readonly reason: string;
}

/** The state that a change expects: a version; `absent`; `any` for who has checked otherwise, such as `apply`. */
export type Expected = number | 'absent' | 'any' | 'not said';

/** Makes everybody else who changes something wait, and returns the revision. */
export async function lockState({ rows }: Transaction): Promise<number> {
  const [state] = await rows<{ revision: string }>({ text: 'select revision from state for update' });
  return Number(state!.revision);
}

/** Writes down and tells a change; `revision` is the one before. */
export async function noteChange({ rows }: Transaction, revision: number, key: string): Promise<number> {
  const next = revision + 1;
  await rows({
    text: `with told as (select pg_notify('${CHANNEL}', $1 || ' ' || $2::text)),
             noted as (insert into change (revision, key) values ($1::bigint, $2))
           update state set revision = $1::bigint from told`,
    values: [String(next), key],
  });
  return next;
}

/** Throws version-missing and version-conflict. */
export function checkExpected(what: string, expected: Expected, version: number): void {
  if (expected === 'any' || expected === version || (expected === 'absent' && version === 0)) return;
  if (expected === 'not said') {
    if (version === 0) return;
    throw new QueryError('version-missing', `${what} is there already, in version ${version}`, {
      hint: `say which version you change: If-Match: "${version}"`,
    });
  }
  const now = version === 0 ? 'is not there (any more)' : `is in version ${version} now`;
  const meant = expected === 'absent' ? 'is not there yet' : `is in version ${expected}`;
  throw new QueryError('version-conflict', `${what} ${now}; the change was made for one that ${meant}`, {
    hint: 'read it again, make the change on top of what others did, and send it with the new version',
  });
}
