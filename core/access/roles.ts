/** From the names of roles to what their holder may do. Without a policy everybody may do everything. */
import { createHash } from 'node:crypto';
import { ALL_SCOPE } from '../protocol/principal.ts';
import { ALL_RIGHTS, NO_RIGHTS, type Policy, type PrincipalLimits, type Rights } from '../protocol/rights.ts';
import { unitedRows } from './united-rows.ts';

/** What a principal may do, and the key of what is kept for those who may do the same. */
export interface Permitted {
  readonly rights: Rights;
  /** The roles of the policy behind the rights, in order. */
  readonly roles: readonly string[];
  readonly scope: string;
}

/** What everybody may do without a policy. */
export const UNLIMITED: Permitted = { rights: ALL_RIGHTS, roles: [], scope: ALL_SCOPE };

/** `null`: there is no policy. */
export function createRoleBook(policy: Policy | null): (roles: readonly string[]) => Permitted {
  if (policy === null) return () => UNLIMITED;
  const known = new Map<string, Permitted>();
  return (roles) => {
    const held = rolesHeld(policy, roles);
    const key = held.join(' ');
    let permitted = known.get(key);
    if (permitted === undefined) {
      permitted = permittedBy(policy, held);
      known.set(key, permitted);
    }
    return permitted;
  };
}

/** The roles that the policy knows, in order; those of everybody when there are none. Other names give nothing. */
export function rolesHeld(policy: Policy, roles: readonly string[]): readonly string[] {
  const known = [...new Set(roles)].filter((name) => Object.hasOwn(policy.roles, name)).sort();
  return known.length > 0 ? known : [...policy.defaultRoles].sort();
}

/** The scope has the roles in it, since each may have a login of its own, and sees then what the database shows that login. */
function permittedBy(policy: Policy, roles: readonly string[]): Permitted {
  const all = roles.map((name) => policy.roles[name]!);
  const rights = all.length === 0 ? NO_RIGHTS : all.reduce(united);
  const text = JSON.stringify([rights.connections, rights.stages, rights.shown, roles]);
  return { rights, roles, scope: createHash('sha256').update(text).digest('base64url').slice(0, 22) };
}

/** What either of the two allows. */
function united(one: Rights, other: Rights): Rights {
  return {
    ask: one.ask || other.ask,
    connections: unitedNames(one.connections, other.connections),
    stages: unitedNames(one.stages, other.stages),
    shown: unitedRows(one, other),
    queries: one.queries === 'all' || other.queries === 'all' ? 'all' : 'own',
    logs: one.logs || other.logs,
    metrics: one.metrics || other.metrics,
    processes: one.processes || other.processes,
    administration: one.administration || other.administration,
    limits: unitedLimits(one.limits, other.limits),
  };
}

function unitedNames(
  one: readonly string[] | null,
  other: readonly string[] | null,
): readonly string[] | null {
  return one === null || other === null ? null : [...new Set([...one, ...other])].sort();
}

/** A limit holds only where both roles have it, the larger of the two. */
function unitedLimits(one: PrincipalLimits, other: PrincipalLimits): PrincipalLimits {
  const names = (Object.keys(one) as (keyof PrincipalLimits)[]).filter((name) => other[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, Math.max(one[name]!, other[name]!)]));
}
