/** The metrics of who is let in: refused requests by the code of their refusal, and the state of the audit. */
import type { Registry } from 'prom-client';
import type { ErrorCode } from '../../core/protocol/errors.ts';
import type { Audit } from '../audit/audit.ts';
import { Counter, Gauge } from './prom-client.ts';

/** Codes by which somebody is kept out; each has a row from the start, so that its first increase shows. */
const REFUSALS: readonly ErrorCode[] = [
  'unauthenticated',
  'identity-unavailable',
  'forbidden',
  'no-login',
  'unknown-host',
  'foreign-origin',
  'too-many-queries',
  'audit-unavailable',
];

export interface AccessMetrics {
  /** Counts a request or a query that was refused with this code; other codes are no refusals. */
  refused(code: ErrorCode): void;
}

export function addAccessMetrics(register: Registry, audit: () => Audit | null): AccessMetrics {
  const registers = [register];
  const refused = new Counter({
    name: 'forkline_refusals_total',
    help: 'Requests and queries that were refused by a rule of access, by the code of the refusal',
    labelNames: ['code'],
    registers,
  });
  for (const code of REFUSALS) refused.inc({ code }, 0);
  new Gauge({
    name: 'forkline_audit_waiting_seconds',
    help: 'For how long the oldest audit record waits that is not on the disk; 0 without an audit',
    registers,
    collect() {
      this.set((audit()?.waitingMs ?? 0) / 1000);
    },
  });
  new Counter({
    name: 'forkline_audit_refused_queries_total',
    help: 'Queries that were refused because their beginning could not be written into the audit',
    registers,
    collect() {
      this.reset();
      this.inc(audit()?.unwritten ?? 0);
    },
  });
  return {
    refused: (code) => {
      if (REFUSALS.includes(code)) refused.inc({ code });
    },
  };
}
