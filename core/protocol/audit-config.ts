/** The options of the audit, and the mark of its lines, which several processes must know. */

/** The role in the lines of audit records, by which the logger knows them. */
export const AUDIT_ROLE = 'audit';

/** Options of the audit, checked and completed. */
export interface AuditConfig {
  /** Absolute; null: nothing is written. */
  readonly file: string | null;
  /** `on`: a query runs only when its beginning is in the file. */
  readonly required: 'on' | 'off';
  /** The time after which a query is refused whose beginning is not in the file. */
  readonly waitMs: number;
  /** The part of the query text that a record has, besides its hash. */
  readonly text: 'hash' | 'shape' | 'full';
  readonly rotateEvery: 'day' | 'never';
  /** Days for which rotated files are kept; 0: for ever. */
  readonly keepDays: number;
  /** The address that the newest number and hash are sent to: `https://...` (POST) or `syslog://host:port` (UDP); null: nowhere. */
  readonly headTo: string | null;
  readonly headEverySeconds: number;
}

/** The logger's part of it. */
export type AuditFileConfig = Pick<
  AuditConfig,
  'rotateEvery' | 'keepDays' | 'headTo' | 'headEverySeconds'
> & { readonly file: string };
