/** Reads what a request says about kept answers: its Cache-Control header (RFC 9111). */
import type { IncomingHttpHeaders } from 'node:http';

export interface RequestControl {
  /** Nothing that is kept may answer the request. */
  readonly noCache: boolean;
  /** The answer must not be kept, and nothing that is kept may answer. */
  readonly noStore: boolean;
  /** Only what is kept may answer. */
  readonly onlyIfCached: boolean;
  /** The greatest age of a kept answer; null: as it was decided when it was kept. */
  readonly maxAgeMs: number | null;
  /** The time for which a stale answer may be sent when a fresh one cannot be made; null: as it was decided when it was kept. */
  readonly staleIfErrorMs: number | null;
}

/** The control of a request without the header. */
export const NO_CONTROL: RequestControl = {
  noCache: false,
  noStore: false,
  onlyIfCached: false,
  maxAgeMs: null,
  staleIfErrorMs: null,
};

/** Directives that are not known are ignored, as RFC 9111 asks. */
export function controlOf(headers: IncomingHttpHeaders): RequestControl {
  const text = headers['cache-control'];
  if (text === undefined) return NO_CONTROL;
  const found = new Map<string, string | null>();
  for (const part of text.split(',')) {
    const [name, value] = part.split('=', 2);
    found.set(name!.trim().toLowerCase(), value?.trim().replaceAll('"', '') ?? null);
  }
  return {
    noCache: found.has('no-cache'),
    noStore: found.has('no-store'),
    onlyIfCached: found.has('only-if-cached'),
    maxAgeMs: millisecondsOf(found.get('max-age')),
    staleIfErrorMs: millisecondsOf(found.get('stale-if-error')),
  };
}

/** A value that is no number of seconds counts as 0, so that nothing too old is sent. */
function millisecondsOf(value: string | null | undefined): number | null {
  if (value === undefined) return null;
  return value !== null && /^\d{1,10}$/.test(value) ? Number(value) * 1000 : 0;
}

/** Tells whether the client takes answers in gzip. */
export function takesGzip({ 'accept-encoding': accepted }: IncomingHttpHeaders): boolean {
  if (typeof accepted !== 'string') return false;
  let wildcard = false;
  for (const part of accepted.split(',')) {
    const [name, ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const refused = parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
    if (name === 'gzip' || name === 'x-gzip') return !refused;
    if (name === '*') wildcard = !refused;
  }
  return wildcard;
}

/** Tells whether `If-None-Match` names the entity tag. Weak comparison, as RFC 9110 asks for GET. */
export function matchesTag({ 'if-none-match': given }: IncomingHttpHeaders, tag: string): boolean {
  if (given === undefined) return false;
  if (given.trim() === '*') return true;
  const opaque = (text: string): string => text.trim().replace(/^W\//, '');
  return given.split(',').some((each) => opaque(each) === opaque(tag));
}
