/** Opens a text in the user's editor, and saves what was written. What was written is never lost. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment } from '../../core/config/config.ts';
import type { Output } from './output.ts';
import { UsageError } from './usage-error.ts';

/** `what` names the text's kind. Resolves with the exit code. Rejects as `save` does. */
export async function editInEditor(
  what: string,
  before: string,
  { stdout, stderr }: Output,
  save: (after: string) => Promise<void>,
): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), `forkline-${what}-`));
  const file = join(dir, `${what}.yaml`);
  await writeFile(file, before);
  openEditor(what, file);
  const after = await readFile(file, 'utf8');
  if (after === before) {
    await rm(dir, { recursive: true });
    stdout.write('nothing was changed\n');
    return 0;
  }
  try {
    await save(after);
    await rm(dir, { recursive: true });
    return 0;
  } catch (thrown) {
    stderr.write(`forkline: it is not saved; the text is kept in ${file}\n`);
    throw thrown;
  }
}

function openEditor(what: string, file: string): void {
  const { EDITOR, VISUAL } = environment();
  const editor = VISUAL || EDITOR || 'vi';
  const [command, ...args] = editor.split(' ') as [string, ...string[]];
  const { error, status } = spawnSync(command, [...args, file], { stdio: 'inherit' });
  if (error !== undefined) throw new UsageError(`the editor ${command} does not start: set EDITOR`);
  if (status !== 0) throw new UsageError(`the editor ended with ${status}; the ${what} is as it was`);
}
