/** Reads the options of `forkline fmt`. */
import { UsageError } from './kit/usage-error.ts';

interface FmtValues {
  readonly check?: boolean | undefined;
  readonly write?: boolean | undefined;
}

/** Throws UsageError for options that contradict each other. */
export function fmtMode({ check, write }: FmtValues): 'print' | 'check' | 'write' {
  if (check === true && write === true)
    throw new UsageError('--check leaves the files alone and --write replaces them: choose one');
  if (check === true) return 'check';
  return write === true ? 'write' : 'print';
}
