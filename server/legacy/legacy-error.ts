/** Errors as the older engine's API tells them: the name of an exception, and a message. */
import type { QueryError } from '../../core/protocol/errors.ts';

const PATH = '/angora/';

export function isLegacyPath(path: string): boolean {
  return path.startsWith(PATH);
}

/** Returns the body of the answer: `unknown-column` is an UnknownColumnException. */
export function legacyErrorOf({ code, message, details: { hint } }: QueryError): {
  readonly type: string;
  readonly message: string;
} {
  const words = code.split('-').map((word) => `${word[0]!.toUpperCase()}${word.slice(1)}`);
  return {
    type: `${words.join('')}Exception`,
    message: hint === undefined ? message : `${message}. ${hint}`,
  };
}
