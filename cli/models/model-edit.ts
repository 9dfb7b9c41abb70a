/** `forkline model edit`: the model in an editor, saved on top of the version that was shown. */
import type { Client } from '../kit/client.ts';
import { editInEditor } from '../kit/editor.ts';
import type { Output } from '../kit/output.ts';
import { editedModel, modelText } from './model-files.ts';
import { pathOf, reasonOf, type Saved, savedLine, shown } from './model-requests.ts';

export async function editModel(
  client: Client,
  { model, reason }: { readonly model: string; readonly reason: string | null },
  output: Output,
): Promise<number> {
  const { version, definition } = await shown(client, model);
  // The current version is no removal.
  return await editInEditor('model', modelText(definition!), output, async (after) => {
    const body = editedModel(after);
    const headers = { 'if-match': `"${version}"` };
    const path = `${pathOf(model)}${reasonOf({ reason })}`;
    const saved = await client.send<Saved>('PUT', path, { body, headers });
    output.stdout.write(`${savedLine(saved.json)}\n`);
  });
}
