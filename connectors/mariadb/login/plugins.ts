/**
 * The ways to log in beside those that `mysql2` has, and what is asked of those: a password leaves only over TLS or a local socket. Over
 * a plain connection `mysql2` would encrypt it with a key that whoever answers sends, so that a false server could read it.
 */
import { authPlugins } from 'mysql2';
import { signEd25519 } from './ed25519.ts';

/** The error of a login that is not gone through with, in words without the URL's content. */
export class LoginError extends Error {}

export interface LoginOptions {
  readonly password: string;
  /** Nobody else reads what is sent: by TLS or a local socket. */
  readonly isSecret: boolean;
}

/** Answers what the server sends; null: there is nothing to answer. */
type Answer = (data: Buffer) => Buffer | string | null | Promise<Buffer | string | null>;
type Plugin = (given: never) => Answer;

/** The length of what a server sends to be signed. */
const SCRAMBLE_BYTES = 32;
/** The server asks for the password itself. */
const FULL_LOGIN = Buffer.from([4]);

export function loginPlugins({ password, isSecret }: LoginOptions): Readonly<Record<string, Plugin>> {
  return {
    client_ed25519: () => (scramble) =>
      signEd25519(Buffer.from(password), scramble.subarray(0, SCRAMBLE_BYTES)),
    ...(!isSecret && { caching_sha2_password: cachedOnly, sha256_password: () => needsTls }),
  };
}

/** The short login, with which the server checks what it remembers of the user, and nothing after it. */
const cachedOnly: Plugin = (given) => {
  const answer = authPlugins.caching_sha2_password({})(given) as Answer;
  return (data) => (FULL_LOGIN.equals(data) ? needsTls() : answer(data));
};

function needsTls(): never {
  throw new LoginError('it asks for the password, which is only sent over TLS: say sslmode in its URL');
}
