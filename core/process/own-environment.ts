/**
 * Takes secrets out of what the kernel shows of this process. A process may be given passwords by its environment, and
 * /proc/<pid>/environ shows that for its whole life, also what was deleted since: the text that it began with stays in its
 * memory. So the text itself is overwritten, and the variables are kept in an object.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface TakenEnvironment {
  /** All variables, as they were. */
  readonly variables: Environment;
  /** Whether the kernel shows them no longer; null where it shows nobody's environment (no /proc). */
  readonly isCleared: boolean | null;
}

/** The variables that this process and those that it starts go on to see: none is a secret. */
const KEPT = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'TZ', 'LANG', 'LC_ALL', 'TERM', 'NO_COLOR', 'FORCE_COLOR'],
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
];
/** The field of /proc/self/stat, behind the process's name, that says where the environment begins; the next one says where it ends. */
const ENVIRONMENT_START = 47;

export function takeEnvironment(): TakenEnvironment {
  const variables = { ...process.env };
  const before = readShown();
  if (before === null) return { variables, isCleared: null };
  try {
    overwrite();
  } catch {
    return { variables, isCleared: false }; // the kernel does not let it write to its own memory
  }
  for (const name of Object.keys(process.env)) delete process.env[name];
  for (const name of KEPT) if (variables[name] !== undefined) process.env[name] = variables[name];
  return { variables, isCleared: readShown()?.every((byte) => byte === 0) === true };
}

function readShown(): Buffer | null {
  try {
    return readFileSync('/proc/self/environ');
  } catch {
    return null; // no /proc on this system
  }
}

/** Writes zeros over the text of the environment, in this process's own memory. */
function overwrite(): void {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const start = Number(fields[ENVIRONMENT_START]);
  const length = Number(fields[ENVIRONMENT_START + 1]) - start;
  if (!(start > 0 && length > 0)) return; // the kernel does not say where, or there is none
  const memory = openSync('/proc/self/mem', 'r+');
  try {
    writeSync(memory, Buffer.alloc(length), 0, length, start);
  } finally {
    closeSync(memory);
  }
}
