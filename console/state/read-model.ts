/** Finds the parameters of the model that the open query begins with, so that they get fields as well. */
import { effect } from '@preact/signals';
import { modelNamed } from '../api/catalogue.ts';
import { keyNumber } from '../api/client.ts';
import type { ReadModel } from '../share/stored.ts';
import { leadingModel } from './leading-model.ts';
import { explained } from './runs.ts';
import { changeTab, openTab } from './tabs.ts';

/** Looks whenever a text without mistakes was explained: until then its first word is hardly a name. */
export function lookForModels(): void {
  let known = new Map<string, ReadModel | null>();
  let asker = keyNumber.peek();
  effect(() => {
    if (asker !== keyNumber.value) known = new Map(); // Another principal may see other models.
    asker = keyNumber.peek();
    const name = leadingModel(explained.value?.text ?? '');
    if (name === null) return;
    const found = known.get(name);
    if (found === undefined) void find(name, known);
    else if (found !== null) use(found);
  });
}

async function find(name: string, known: Map<string, ReadModel | null>): Promise<void> {
  const model = await modelNamed(name, new AbortController().signal).catch(() => null);
  const parameters = model?.definition.parameters?.map((one) => one.name) ?? [];
  const found = model === null ? null : { name, parameters };
  known.set(name, found);
  if (found !== null) use(found);
}

function use(model: ReadModel): void {
  const { text, model: before } = openTab.peek();
  if (leadingModel(text) !== model.name || JSON.stringify(before) === JSON.stringify(model)) return;
  changeTab({ model });
}
