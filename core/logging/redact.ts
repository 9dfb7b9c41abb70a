/**
 * Keeps secrets out of the log: fields whose name says that they hold one, passwords inside URLs and connection strings
 * and what authorizes a request wherever they stand in a text, and secrets that this process was told of, whatever
 * stands around them. With `log.redactLiterals` also the literals of queries, and what errors quote. Texts come from
 * users too (query texts), so that every pattern here has bounded repetition: no input makes it slow.
 */
import { shapeOf } from './shape.ts';

export const REDACTED = '***';
/** Longest string kept whole in a field; the rest is cut and the cut is said. */
const MAX_TEXT = 32 * 1024;
/** A cut never falls inside a URL this close to it, where it could part a password from the `@` that betrays it. */
const CUT_MARGIN = 512;

const SECRET_NAME =
  /(?:password|passwd|secret|token|authorization|cookie|connectionstring|databaseurl)$|^(?:url|pwd)$/;
/** postgres passwords may hold `/` and `@` unescaped: up to the last `@` of the word. */
const POSTGRES_URL = /(postgres(?:ql)?:\/\/[^\s:/@"']{0,128}):[^\s"']{0,256}@/gi;
const OTHER_URL = /([a-z][a-z0-9+.-]{0,15}:\/\/[^\s:/@"']{0,128}):[^\s/@"']{1,256}@/gi;
const PASSWORD_PAIR = /(password["']?\s?[=:]\s?)(?:'[^']{0,256}'|"[^"]{0,256}"|[^\s&"',;]{1,256})/gi;

const AUTHORIZATION =
  /(authorization["']?\s{0,4}[=:]\s{0,4}["']?(?:(?:basic|bearer|digest|token)\s{1,4})?)[^\s"',;]{1,4096}/gi;
const AUTHORIZING = /authorization|bearer/i;
const BEARER = /\b(bearer\s{1,4})[\w.~+/=-]{8,4096}/gi;

/** Shorter ones would turn up in any text. */
const MIN_SECRET_CHARACTERS = 4;
let known: readonly string[] = [];

/** API keys (core/access/api-key.ts): the id stays, so that a key that was told can be found and revoked. */
const API_KEY = /\b(fk_[0-9a-f]{12}_)[\w-]{43}/g;
/** Signed tokens: both header and claims begin with the brace of a JSON object. The signature goes. */
const TOKEN = /\b(eyJ[\w-]{8,2048}\.eyJ)[\w-]{4,8192}\.[\w-]{0,2048}/g;

/** The text without API keys and tokens, whoever wrote them there. */
export function withoutCredentials(text: string): string {
  const keyless = text.includes('fk_') ? text.replace(API_KEY, `$1${REDACTED}`) : text;
  return keyless.includes('eyJ') ? keyless.replace(TOKEN, `$1${REDACTED}`) : keyless;
}

/** Secrets that this process knows of: they are removed wherever they stand, whatever stands around them. */
export function registerSecrets(secrets: readonly string[]): void {
  const all = new Set([...known, ...secrets.filter(({ length }) => length >= MIN_SECRET_CHARACTERS)]);
  known = [...all].sort((a, b) => b.length - a.length);
}

/** The passwords in connection URLs, as written and as meant; also of logins by role. */
export function passwordsOf(connections: Readonly<Record<string, object>>): string[] {
  return Object.values(connections).flatMap((connection) => {
    if ('roles' in connection) return passwordsOf(connection.roles as Readonly<Record<string, object>>);
    if ('store' in connection) return credentialsOf(connection.store);
    const url = 'url' in connection ? connection.url : null;
    if (typeof url !== 'string') return [];
    const { password, searchParams } = new URL(url); // checked when the configuration was read
    const given = [password, searchParams.get('password') ?? ''].filter((text) => text !== '');
    return given.flatMap((text) => [text, decoded(text)]);
  });
}

/** The secrets of a store of files (core/protocol/connection.ts). */
function credentialsOf(store: unknown): string[] {
  const { key, authorization, token } = store as {
    readonly key?: { readonly secret: string; readonly sessionToken?: string } | null;
    readonly authorization?: string;
    readonly token?: string;
  };
  const given = [key?.secret, key?.sessionToken, authorization?.replace(/^\w+ /, ''), token];
  return given.flatMap((text) => text ?? []);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone %: it means itself
  }
}

let literalsToo = false;

/** `log.redactLiterals`, for all lines of this process. */
export function redactLiterals(on: boolean): void {
  literalsToo = on;
}

const QUERY_FIELDS: ReadonlySet<string> = new Set(['query', 'sql']);
const TELLING_FIELDS: ReadonlySet<string> = new Set([
  'message',
  'reason',
  'cause',
  'stack',
  'hint',
  'detail',
]);
const QUOTED = /'[^'\n]{0,4096}'|"[^"\n]{0,4096}"|\b\d[\d.]{0,64}\b/g;

/** Longest text about an error that is kept, since it may quote values of any length. */
const MAX_TELLING = 2048;

/** A field's text as it is written: redactText, and without literals when they are not wanted. */
export function redactField(name: string, text: string): string {
  const safe = redactText(text, TELLING_FIELDS.has(name) ? MAX_TELLING : MAX_TEXT);
  if (!literalsToo) return safe;
  if (QUERY_FIELDS.has(name)) return shapeOf(safe);
  if (name === 'stack') return safe.replace(/^[\s\S]*?(?=\n {4}at )/, '');
  return TELLING_FIELDS.has(name) ? safe.replace(QUOTED, '?') : safe;
}

/** Whether a field of this name is never written. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.toLowerCase().replaceAll('_', '').replaceAll('-', ''));
}

/** The text without passwords, cut at `max` characters. */
export function redactText(text: string, max = MAX_TEXT): string {
  const cut = text.length > max;
  let kept = text;
  if (cut) {
    const url = text.lastIndexOf('://', max);
    kept = text.slice(0, url > max - CUT_MARGIN ? Math.max(0, url - 16) : max);
  }
  const removed = text.length - kept.length;
  if (kept.includes('://')) {
    kept = kept.replace(POSTGRES_URL, `$1:${REDACTED}@`).replace(OTHER_URL, `$1:${REDACTED}@`);
  }
  if (kept.includes('assword') || kept.includes('ASSWORD'))
    kept = kept.replace(PASSWORD_PAIR, `$1${REDACTED}`);
  if (AUTHORIZING.test(kept))
    kept = kept.replace(AUTHORIZATION, `$1${REDACTED}`).replace(BEARER, `$1${REDACTED}`);
  kept = withoutCredentials(kept);
  for (const secret of known) if (kept.includes(secret)) kept = kept.replaceAll(secret, REDACTED);
  return cut ? `${kept}…[+${removed} characters]` : kept;
}
