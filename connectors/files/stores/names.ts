/** Names that stores may have and file systems have not: a path with them would mean something else on its way. */
import { QueryError } from '../../../core/protocol/errors.ts';

/** Throws `bad-file` for a name that a path cannot have. */
export function refuseOddName(directory: string, name: string): void {
  const why = oddness(name);
  if (why === null) return;
  throw new QueryError(
    'bad-file',
    `below ${directory === '' ? 'the root' : directory} is a name that ${why}`,
    {
      hint: 'rename it, or name a directory without it',
    },
  );
}

function oddness(name: string): string | null {
  if (name === '') return 'is empty: two slashes follow each other';
  if (name === '.' || name === '..') return `is ${name}`;
  if (name.includes('/') || name.includes('\\')) return 'holds a slash';
  return [...name].some((character) => character.codePointAt(0)! < 0x20) ? 'holds a control character' : null;
}
