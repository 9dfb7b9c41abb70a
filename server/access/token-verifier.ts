/**
 * Tokens (JWT) of an identity provider. What is required: a signature by one of its keys with a configured algorithm, its
 * name as issuer, our audience, a subject, an end (`exp`) that is to come, and no beginning (`nbf`, `iat`) that is to come,
 * each give or take the clocks' difference. A token that was verified is known by its hash until it expires.
 * Imported only where tokens are configured: it loads jose.
 */
import { hash } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Log } from '../../core/logging/log.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { JwtConfig } from '../../core/protocol/server-config.ts';
import { unauthenticated } from './credential.ts';
import { KeySet } from './key-set.ts';

/** Whom a token stands for. */
export interface TokenHolder {
  readonly subject: string;
  readonly roles: readonly string[];
  /** Until when the token counts, in milliseconds. */
  readonly until: number;
}

export interface TokenVerifier {
  /** The holder of a token that was verified before and still counts. */
  known(token: string): TokenHolder | null;
  /** Rejects with unauthenticated, identity-unavailable. */
  verify(token: string): Promise<TokenHolder>;
  close(): void;
}

export interface TokenVerifierDeps {
  readonly config: JwtConfig;
  readonly log: Log;
  readonly now: () => number;
  readonly timeoutMs?: number;
  readonly cooldownMs?: number;
}

const KNOWN_TOKENS = 10_000;
const MAX_SUBJECT_CHARACTERS = 200;
const MAX_ROLES = 100;
/** Neither line breaks nor other characters that a log or a terminal would act on. */
const SUBJECT = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;

export function createTokenVerifier(deps: TokenVerifierDeps): TokenVerifier {
  const { config, log, now, ...waits } = deps;
  const holders = new LRUCache<string, TokenHolder>({ max: KNOWN_TOKENS });
  let generation = 0;
  const onChange = (): void => {
    generation++;
    holders.clear();
  };
  const keySet = new KeySet({ url: config.jwksUrl, log, now, onChange, ...waits });
  return {
    known(token) {
      const holder = holders.get(hash('sha256', token, 'base64'));
      return holder !== undefined && now() < holder.until ? holder : null;
    },
    async verify(token) {
      const before = generation;
      const holder = await verified(token, config, keySet, now());
      // Else the keys changed meanwhile, and this one may be of those that are no more.
      if (generation === before) holders.set(hash('sha256', token, 'base64'), holder);
      return holder;
    },
    close: () => keySet.close(),
  };
}

async function verified(
  token: string,
  config: JwtConfig,
  keySet: KeySet,
  nowMs: number,
): Promise<TokenHolder> {
  const { issuer, audience, clockSkewSeconds } = config;
  let payload: JWTPayload;
  try {
    ({ payload } = await jwtVerify(token, keySet.keyFor, {
      ...{ issuer, audience, algorithms: [...config.algorithms] },
      clockTolerance: clockSkewSeconds,
      currentDate: new Date(nowMs),
      requiredClaims: ['exp', 'sub'],
    }));
  } catch (thrown) {
    throw refusal(thrown);
  }
  const { iat, exp = 0, sub = '' } = payload;
  if (iat !== undefined && iat > nowMs / 1000 + clockSkewSeconds)
    throw unauthenticated('the token was issued in the future', CLOCK_HINT);
  if (sub.length > MAX_SUBJECT_CHARACTERS || !SUBJECT.test(sub))
    throw unauthenticated('the subject of the token cannot be a name here');
  return { subject: sub, roles: rolesIn(payload[config.rolesClaim]), until: (exp + clockSkewSeconds) * 1000 };
}

const CLOCK_HINT = 'Compare the clocks of the identity provider and of this server, or get a new token.';

/** A list of names, or names with spaces between them, as `scope` has them. */
function rolesIn(claim: unknown): readonly string[] {
  const names: readonly unknown[] =
    typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return names.filter((name): name is string => typeof name === 'string' && name !== '').slice(0, MAX_ROLES);
}

/** What is wrong, in words of ours: those of the library may quote the token. */
function refusal(thrown: unknown): QueryError {
  if (thrown instanceof QueryError) return thrown;
  if (thrown instanceof errors.JWTExpired) return unauthenticated('the token has expired', CLOCK_HINT);
  if (thrown instanceof errors.JWTClaimValidationFailed) return claimRefusal(thrown);
  if (thrown instanceof errors.JOSEAlgNotAllowed)
    return unauthenticated('the token is signed with an algorithm that is not taken here');
  if (thrown instanceof errors.JWKSNoMatchingKey || thrown instanceof errors.JWKSMultipleMatchingKeys)
    return unauthenticated('the token names no key that the identity provider has');
  if (thrown instanceof errors.JWSSignatureVerificationFailed)
    return unauthenticated('the signature of the token is wrong');
  return unauthenticated('the token cannot be read');
}

function claimRefusal({ claim }: errors.JWTClaimValidationFailed): QueryError {
  switch (claim) {
    case 'nbf':
      return unauthenticated('the token does not count yet', CLOCK_HINT);
    case 'aud':
      return unauthenticated('the token is meant for another audience');
    case 'iss':
      return unauthenticated('the token is of another issuer');
    default:
      return unauthenticated('the token has no subject or no end, or one that cannot be read');
  }
}
