/** Reads the URL of a Spark Connect server: `sc://host:15002`, with `/;use_ssl=true` where the server speaks TLS. */
export interface SparkAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly token: string | null;
  readonly userId: string;
}

export class UrlError extends Error {}

const URL_FORM = /^sc:\/\/(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?\/?(?:;(.*))?$/i;
const USUAL_PORT = 15_002;
const OPTIONS = ['use_ssl', 'token', 'user_id'];

/** Returns what is wrong with a URL, without the token; null when nothing is. */
export function sparkUrlProblem(url: string): string | null {
  try {
    readUrl(url);
    return null;
  } catch (thrown) {
    if (thrown instanceof UrlError) return thrown.message.replace(/^its URL /, '');
    throw thrown;
  }
}

/** Throws UrlError, without the token. */
export function readUrl(url: string): SparkAddress {
  const found = URL_FORM.exec(url);
  if (found === null) throw new UrlError('its URL is not of the form sc://host:port/;use_ssl=true');
  const [, host, port, rest = ''] = found;
  const options = new Map(rest.split(';').filter(Boolean).map(optionOf));
  const unknown = [...options.keys()].find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined)
    throw new UrlError(`its URL has an option ${unknown}; there are ${OPTIONS.join(', ')}`);
  const token = options.get('token') ?? null;
  return {
    host: host!,
    port: Number(port ?? USUAL_PORT),
    tls: options.get('use_ssl') === 'true' || token !== null,
    token,
    userId: options.get('user_id') ?? 'forkline',
  };
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/i;

/** Returns what is wrong with a token on this way; null when nothing is: one that is read on its way is somebody else's as well. */
export function openTokenProblem({
  token,
  tls,
  host,
}: Pick<SparkAddress, 'token' | 'tls' | 'host'>): string | null {
  if (token === null || tls || LOOPBACK.test(host)) return null;
  return 'a token is sent over TLS only, unless to this machine: add /;use_ssl=true to the URL';
}

function optionOf(text: string): readonly [string, string] {
  const [name = '', value = ''] = text.split('=', 2);
  try {
    return [name, decodeURIComponent(value)];
  } catch {
    throw new UrlError(`its URL has a % in the option ${name} that begins no escaped character`);
  }
}
