/** The authentication of the configuration; null where none is configured, and then nothing of it is loaded. */
import { createRoleBook, UNLIMITED } from '../../core/access/roles.ts';
import type { Log } from '../../core/logging/log.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { AuthConfig } from '../../core/protocol/server-config.ts';
import type { Audit } from '../audit/audit.ts';
import type { QueryRegistry } from '../history/registry.ts';
import { Authenticator } from './authenticator.ts';
import { KeyBook } from './key-book.ts';
import { Peers } from './peer.ts';

export interface Access {
  readonly authenticator: Authenticator | null;
  close(): void;
}

export interface AccessDeps {
  readonly registry: QueryRegistry;
  readonly log: Log;
  /** null: nothing is audited. */
  readonly audit: Audit | null;
}

export async function createAccess(
  { keysFile, jwt, policy, certificates, proxy }: AuthConfig,
  { registry, log, audit }: AccessDeps,
): Promise<Access> {
  if (keysFile === null && jwt === null && !certificates && proxy.userHeader === null)
    return { authenticator: null, close: () => {} };
  const now = Date.now;
  const keys = keysFile === null ? null : new KeyBook({ path: keysFile, log, now });
  keys?.watch((change) => {
    endQueriesOfRevoked(keys, registry);
    audit?.act('keys-changed', null, change);
  });
  const tokens =
    jwt === null
      ? null
      : (await import('./token-verifier.ts')).createTokenVerifier({ config: jwt, log, now });
  const permittedBy = createRoleBook(policy);
  const peers = new Peers({ policy, proxy, permittedBy, everything: UNLIMITED });
  return {
    authenticator: new Authenticator({ keys, tokens, peers, permittedBy, log, now }),
    close() {
      keys?.close();
      tokens?.close();
    },
  };
}

/** Ends the running queries of a principal who has lost the last key. */
function endQueriesOfRevoked(keys: KeyBook, registry: QueryRegistry): void {
  for (const { principal, cancellation } of registry.running()) {
    const isRevoked = principal.method === 'key' && !keys.hasName(principal.id.slice('key:'.length));
    if (isRevoked)
      cancellation.cancel(new QueryError('cancelled', 'the key that this query came with was revoked'));
  }
}
