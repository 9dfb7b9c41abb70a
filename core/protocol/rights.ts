/** The rights of a principal: all of them without a policy, otherwise those of its roles (core/config/policy.ts). */

import type { RowRules, ShownRows } from './shown-rows.ts';

/** Limits of a principal by policy; left out: only those of the configuration. */
export interface PrincipalLimits {
  readonly timeoutMs?: number;
  readonly resultRows?: number;
  readonly resultBytes?: number;
  /** Queries in flight, waiting ones included. */
  readonly concurrentQueries?: number;
  readonly queriesPerMinute?: number;
}

export interface Rights {
  /** Whether it may run, explain, format and complete queries at all. */
  readonly ask: boolean;
  /** The connections that it sees; null: all. */
  readonly connections: readonly string[] | null;
  /** The stages that its queries may have; null: all. */
  readonly stages: readonly string[] | null;
  /** Says how tables and models are shown to it; null: all that its connections have. */
  readonly shown: ShownRows | null;
  /** Whether it sees and ends only its own queries or everybody's. */
  readonly queries: 'own' | 'all';
  readonly logs: boolean;
  readonly metrics: boolean;
  readonly processes: boolean;
  /** Whether it may change models. */
  readonly administration: boolean;
  readonly limits: PrincipalLimits;
}

export const ALL_RIGHTS: Rights = {
  ask: true,
  connections: null,
  stages: null,
  shown: null,
  queries: 'all',
  logs: true,
  metrics: true,
  processes: true,
  administration: true,
  limits: {},
};

export const NO_RIGHTS: Rights = {
  ask: false,
  connections: [],
  stages: [],
  shown: null,
  queries: 'own',
  logs: false,
  metrics: false,
  processes: false,
  administration: false,
  limits: {},
};

/** The rights of a key that was made with `--only metrics`. */
export const METRICS_RIGHTS: Rights = { ...NO_RIGHTS, metrics: true };

/** Roles by name, each with what it may do. */
export interface Policy {
  readonly roles: Readonly<Record<string, Rights>>;
  /** By role, connection and table: views that the role's login should have in the database. `forkline policy apply` prints them. */
  readonly views: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, RowRules>>>>>>;
  /** The roles of whoever has none that the policy knows. */
  readonly defaultRoles: readonly string[];
  /** The roles of names in certificates of clients, such as `DNS:etl.example.com`. */
  readonly certificates: Readonly<Record<string, readonly string[]>>;
  /** The roles of whoever comes over a unix socket; null: everything is allowed there. */
  readonly socketRoles: readonly string[] | null;
}
