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

function optionOf(text: string): readonly [string, string] {
  const [name = '', value = ''] = text.split('=', 2);
  return [name, decodeURIComponent(value)];
}
