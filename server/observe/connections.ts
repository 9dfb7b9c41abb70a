/** The metrics of connections: which there are, and of which kind; and how the queries over each kind of database and file end. */
import type { Registry } from 'prom-client';
import { defineCounters, defineGauges } from './metric-kinds.ts';
import type { Outcome } from './outcome.ts';

/** The connections that queries may name, as they are now. */
export interface WatchedConnections {
  readonly names: readonly string[];
  isStored(name: string): boolean;
  /** Returns the kind of the connection; undefined when there is none of this name. */
  dialectOf(name: string): string | undefined;
}

/** The most connections that are told one by one: each is a series for as long as Prometheus keeps it. */
const MOST_TOLD = 500;
/** Stands for the kind of a connection that a query named and that was not there. */
const NO_KIND = 'none';

/** Counts the end of a query over a connection. */
export type CountByKind = (connection: string, outcome: Outcome) => void;

export function addConnectionMetrics(register: Registry, connections: WatchedConnections): CountByKind {
  const gauge = defineGauges(register);
  const infoHelp = `Always 1; a connection, its kind and where it stands are in the labels (the first ${MOST_TOLD} by name)`;
  gauge('forkline_connection_info', infoHelp, ['connection', 'kind', 'source'], (say) => {
    const told = connections.names.toSorted().slice(0, MOST_TOLD);
    for (const connection of told) say({ connection, ...placeOf(connections, connection) }, 1);
  });
  gauge('forkline_connections', 'Connections by kind and by where they stand', ['kind', 'source'], (say) => {
    const counts = new Map<string, { kind: string; source: string; count: number }>();
    for (const name of connections.names) {
      const place = placeOf(connections, name);
      const key = `${place.kind} ${place.source}`;
      const before = counts.get(key) ?? { ...place, count: 0 };
      counts.set(key, { ...before, count: before.count + 1 });
    }
    for (const { kind, source, count } of counts.values()) say({ kind, source }, count);
  });
  return addKindCounts(register, connections);
}

function placeOf(connections: WatchedConnections, name: string): { kind: string; source: string } {
  return {
    kind: connections.dialectOf(name) ?? NO_KIND,
    source: connections.isStored(name) ? 'catalogue' : 'configuration',
  };
}

function addKindCounts(register: Registry, connections: WatchedConnections): CountByKind {
  const counts = new Map<string, Partial<Record<Outcome, number>>>();
  const help = 'Queries that ended, by the kind of their connection and by whose fault an error is';
  defineCounters(register)('forkline_queries_by_kind_total', help, ['kind', 'outcome'], (say) => {
    for (const [kind, outcomes] of counts)
      for (const [outcome, count] of Object.entries(outcomes)) say({ kind, outcome }, count);
  });
  return (connection, outcome) => {
    const kind = connections.dialectOf(connection) ?? NO_KIND;
    let outcomes = counts.get(kind);
    if (outcomes === undefined) {
      outcomes = { ok: 0, 'client-error': 0, 'server-error': 0, cancelled: 0 };
      counts.set(kind, outcomes);
    }
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  };
}
