/** The options of the audit: who did what, written so that changes show. */
import { choice, group, number, optionalPath, text } from './option.ts';

export function auditOptions() {
  return group({
    file: optionalPath(
      'FORKLINE_AUDIT_FILE',
      'The file of the audit: who asked what, and what came of it, each line sealed. Left out: nothing is audited.',
      './audit/audit.jsonl',
    ),
    required: choice(
      'FORKLINE_AUDIT_REQUIRED',
      'Whether a query runs only once its beginning is on the disk.',
      ['off', 'on'],
      'off',
    ),
    waitMs: number(
      'FORKLINE_AUDIT_WAIT_MS',
      'Time that a query waits for that; then 503 `audit-unavailable`.',
      1,
      600_000,
      2000,
    ),
    text: choice(
      'FORKLINE_AUDIT_TEXT',
      "What a record has of the query's text: its hash alone, its shape without literals, or all of it.",
      ['hash', 'shape', 'full'],
      'shape',
    ),
    rotateEvery: choice(
      'FORKLINE_AUDIT_ROTATE_EVERY',
      'Whether the first record of a new day (UTC) begins a new file. There is no limit of size.',
      ['day', 'never'],
      'day',
    ),
    keepDays: number(
      'FORKLINE_AUDIT_KEEP_DAYS',
      'Days that a rotated file is kept; 0: for ever.',
      0,
      36_500,
      0,
    ),
    headTo: text(
      'FORKLINE_AUDIT_HEAD_TO',
      "Where the newest record's number and hash are sent: `https://...` (POST) or `syslog://host:port` (UDP).",
      'syslog://127.0.0.1:514',
    ),
    headEverySeconds: number(
      'FORKLINE_AUDIT_HEAD_EVERY_SECONDS',
      'How often they are sent, if there are new ones.',
      1,
      86_400,
      60,
    ),
  });
}
