/** `forkline model edit`: the model in an editor, saved on top of the version that was shown. What was written is never lost. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment } from '../core/config/config.ts';
import { type Client, ServerError } from './client.ts';
import { UsageError } from './command-line/usage-error.ts';
import { modelOf, modelText } from './model-files.ts';
import { pathOf, reasonOf, type Saved, savedLine, shown } from './model-requests.ts';
import type { Output } from './output.ts';

export async function editModel(
  client: Client,
  { model, reason }: { readonly model: string; readonly reason: string | null },
  { stdout, stderr }: Output,
): Promise<number> {
  const { version, definition } = await shown(client, model);
  const dir = await mkdtemp(join(tmpdir(), 'forkline-model-'));
  const file = join(dir, 'model.yaml');
  const before = modelText(definition!); // the current version is no removal
  await writeFile(file, before);
  openEditor(file);
  const after = await readFile(file, 'utf8');
  if (after === before) {
    await rm(dir, { recursive: true });
    stdout.write('nothing was changed\n');
    return 0;
  }
  try {
    const body = modelOf(after);
    const headers = { 'if-match': `"${version}"` };
    const saved = await client.send<Saved>('PUT', `${pathOf(model)}${reasonOf({ reason })}`, {
      body,
      headers,
    });
    stdout.write(`${savedLine(saved.json)}\n`);
    await rm(dir, { recursive: true });
    return 0;
  } catch (thrown) {
    stderr.write(`forkline: it is not saved; the text is kept in ${file}\n`);
    if (thrown instanceof ServerError) throw thrown;
    throw new UsageError((thrown as Error).message);
  }
}

function openEditor(file: string): void {
  const { EDITOR, VISUAL } = environment();
  const editor = VISUAL || EDITOR || 'vi';
  const [command, ...args] = editor.split(' ') as [string, ...string[]];
  const { error, status } = spawnSync(command, [...args, file], { stdio: 'inherit' });
  if (error !== undefined) throw new UsageError(`the editor ${command} does not start: set EDITOR`);
  if (status !== 0) throw new UsageError(`the editor ended with ${status}; the model is as it was`);
}
