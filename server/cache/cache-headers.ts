/** The headers about keeping an answer: `Cache-Status` (RFC 9211), `Age`, `Cache-Control`, `Vary` and `ETag`. */
import type { Principal } from '../../core/protocol/principal.ts';
import type { Revalidation } from '../answer/revalidation.ts';
import type { EntryDescription } from '../results/entry.ts';

const NAME = 'forkline';

/**
 * The client may keep the answer and must ask before it uses it again, so that a purge reaches it too. Principals that are known
 * by something else than a header of the request (a certificate, a proxy's word) cannot be told apart by a cache between.
 */
function clientControl({ principal, revalidation }: Asker): string {
  const { method } = principal;
  if (method !== 'anonymous' && method !== 'key' && method !== 'jwt') return 'no-store';
  return revalidation?.cacheControl ?? 'private, no-cache';
}

/** The principal that asks, with what the address that it asks for says about keeping the answer. */
export interface Asker {
  readonly principal: Principal;
  readonly revalidation?: Revalidation | undefined;
}

/** Returns header names and values alternately, for an answer that comes from the cache or may be kept. */
export function keptHeaders(asker: Asker, status: string): string[] {
  const vary = 'Accept, Accept-Encoding, Authorization, Origin';
  return ['Vary', vary, 'Cache-Control', clientControl(asker), 'Cache-Status', status];
}

/** Returns the headers of an answer that nobody keeps. */
export function unkeptHeaders(status: string, revalidation?: Revalidation): string[] {
  const cacheControl = revalidation?.cacheControl ?? 'no-store';
  return ['Vary', 'Accept, Authorization, Origin', 'Cache-Control', cacheControl, 'Cache-Status', status];
}

export type ForwardReason = 'miss' | 'stale' | 'request' | 'bypass';

export function forwarded(reason: ForwardReason, more: 'stored' | 'collapsed' | null): string {
  return more === null ? `${NAME}; fwd=${reason}` : `${NAME}; fwd=${reason}; ${more}`;
}

/** `ttlMs`: the time for which the answer is still fresh; negative when it is stale. */
export function hitStatus(ttlMs: number, detail: string | null): string {
  const seconds = Number.isFinite(ttlMs) ? Math.floor(ttlMs / 1000) : -1;
  return `${NAME}; hit; ttl=${seconds}${detail === null ? '' : `; detail=${detail}`}`;
}

/** Weak, because the end of each answer has its own query id and times. */
export function entityTag(id: string, { bodyCrc, asOf }: EntryDescription): string {
  return `W/"${id.slice(0, 16)}-${bodyCrc.toString(36)}-${asOf.toString(36)}"`;
}
