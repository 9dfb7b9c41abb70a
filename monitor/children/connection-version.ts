/** Tells connections apart that lead to different databases, or as different users, under one name. */
import { createHash } from 'node:crypto';
import type { ConfiguredConnection } from '../../core/protocol/connection.ts';

/** Returns a hash of the connection without its password: a new password does not change what is read. */
export function connectionVersion(connection: ConfiguredConnection): string {
  const text = JSON.stringify(connection, (key, value: unknown) =>
    key === 'url' && typeof value === 'string' ? withoutPassword(value) : value,
  );
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

function withoutPassword(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  url.password = '';
  return url.href;
}
