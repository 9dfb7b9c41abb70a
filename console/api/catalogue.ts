/** Asks for the tables of a connection, and for the models of the catalogue. */
import type { Model, Models, Tables } from './catalogue-types.ts';
import { ask } from './client.ts';
import { ProblemError } from './problem.ts';

/** Resolves to the tables of a connection; null for the default one. Rejects with ProblemError, and with AbortError. */
export async function tablesOf(connection: string | null, signal: AbortSignal): Promise<Tables> {
  const { connections } = await ask<{
    connections: readonly { readonly name: string; readonly dialect: string; readonly default: boolean }[];
  }>('v1/connections', { signal });
  const one = connections.find(({ name, default: isDefault }) =>
    connection === null ? isDefault : name === connection,
  );
  if (one === undefined) return { tables: [], complete: true, dialect: '' };
  const path = `v1/connections/${encodeURIComponent(one.name)}/tables`;
  return { ...(await ask<Omit<Tables, 'dialect'>>(path, { signal })), dialect: one.dialect };
}

/** Resolves to the models in which the words stand; null where there is no catalogue, or none for this role. Rejects as `tablesOf` does. */
export async function findModels(words: string, signal: AbortSignal): Promise<Models | null> {
  const wanted = words.trim() === '' ? '' : `&q=${encodeURIComponent(words.trim())}`;
  try {
    return await ask<Models>(`v1/models?limit=200${wanted}`, { signal });
  } catch (thrown) {
    if (thrown instanceof ProblemError && [403, 404, 501].includes(thrown.problem.status)) return null;
    throw thrown;
  }
}

/** Rejects as `tablesOf` does. */
export function modelNamed(name: string, signal: AbortSignal): Promise<Model> {
  return ask<Model>(`v1/models/${encodeURIComponent(name)}`, { signal });
}
