/** The outcomes of queries, which say whose fault an error is. */
import type { ErrorCode } from '../../core/protocol/errors.ts';
import { errorClass } from '../answer/error-status.ts';

export const OUTCOMES = ['ok', 'client-error', 'server-error', 'cancelled'] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** Returns the outcome under which an end is counted; only `server-error` is the service's fault. */
export function outcomeOf(code: ErrorCode | 'ok'): Outcome {
  if (code === 'ok') return 'ok';
  if (code === 'cancelled' || code === 'client-gone') return 'cancelled';
  return errorClass(code).status < 500 ? 'client-error' : 'server-error';
}
