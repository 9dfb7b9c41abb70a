/** A Python that has pyarrow or another reader, for tests that read our answers with it: FORKLINE_PYARROW names it, else `python3` is tried. */
import { spawnSync } from 'node:child_process';

/** null where there is none. */
export function pythonWithArrow(): string | null {
  return pythonWith('pyarrow.parquet');
}

/** A Python that has all of these modules; null where there is none. */
export function pythonWith(...modules: readonly string[]): string | null {
  for (const python of [process.env.FORKLINE_PYARROW, 'python3']) {
    if (python === undefined || python === '') continue;
    const tried = spawnSync(python, ['-c', `import ${modules.join(', ')}`], { timeout: 60_000 });
    if (tried.status === 0) return python;
  }
  return null;
}

/** Returns what a script of Python prints, parsed as JSON; throws with its errors when it fails. */
export function runPython(python: string, script: string, input: Buffer = Buffer.alloc(0)): unknown {
  const ran = spawnSync(python, ['-c', script], { input, timeout: 120_000, maxBuffer: 64 * 1024 * 1024 });
  if (ran.status !== 0) throw new Error(`python failed: ${ran.stderr.toString()}`);
  return JSON.parse(ran.stdout.toString());
}
