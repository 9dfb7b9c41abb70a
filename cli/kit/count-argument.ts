/** Reads whole numbers of the command line. */
import { UsageError } from './usage-error.ts';

/** Returns null when the option is left out. Throws UsageError. */
export function parseCount(option: string, given: string | undefined): number | null {
  if (given === undefined) return null;
  if (/^[1-9]\d{0,14}$/.test(given)) return Number(given);
  throw new UsageError(`--${option} must be a whole number of 1 or more, not "${given}"`);
}
