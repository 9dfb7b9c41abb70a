/** Names the rule that a refusal came from, for the audit; the client is told in other words, and not always which rule it was. */
import type { ErrorCode, WireError } from '../../core/protocol/errors.ts';

const RULES: Readonly<Partial<Record<ErrorCode, string>>> = {
  unauthenticated: 'authentication',
  'identity-unavailable': 'authentication',
  'unknown-host': 'gate: Host',
  'foreign-origin': 'gate: Origin',
  'no-login': 'login of a role',
  'read-only': 'guard',
  'permission-denied': 'the database',
  'audit-unavailable': 'audit.required',
};

/** Returns null for an error that denies nothing. */
export function deniedBy({ code, rule, limit }: WireError): string | null {
  if (rule !== undefined) return rule;
  if (code === 'too-many-queries' || code === 'too-many-connections')
    return limit === undefined ? 'limit' : `limit ${limit.name}`;
  return RULES[code] ?? null;
}
