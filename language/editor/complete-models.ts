/** Completion of the names of models, which the catalogue is asked for by their beginning. */
import type { CompleteAsk, CompleteRequest, CompletionItem, NamedModel } from './complete-types.ts';

export type FoundModels =
  | { readonly kind: 'ask'; readonly ask: CompleteAsk }
  | {
      readonly kind: 'found';
      readonly items: readonly CompletionItem[];
      readonly warnings: readonly string[];
    };

/** `insert`: writes a name as the language of the text does. */
export function modelItems(
  prefix: string,
  { catalogue = false, answers }: CompleteRequest,
  insert: (name: string) => string,
): FoundModels {
  if (!catalogue) return { kind: 'found', items: [], warnings: [] };
  const key = `model-names ${prefix}`;
  const answer = answers[key];
  if (answer === undefined) return { kind: 'ask', ask: { kind: 'model-names', key, prefix } };
  if (answer.kind !== 'model-names')
    return { kind: 'found', items: [], warnings: answer.kind === 'failed' ? [answer.why] : [] };
  const warnings = answer.complete ? [] : ['there are more models whose names begin so'];
  const items = answer.models.map((model): CompletionItem => {
    return { label: model.name, kind: 'model', detail: detailOf(model), insert: insert(model.name) };
  });
  return { kind: 'found', items, warnings };
}

function detailOf({ description, parameters, columns }: NamedModel): string {
  const shown = columns.slice(0, 6).map(({ name }) => name);
  const more = columns.length > shown.length ? `, ${columns.length - shown.length} more` : '';
  const needed = parameters.map((each) =>
    each.default === undefined
      ? `${each.name}: ${each.type}`
      : `${each.name}: ${each.type} = ${String(each.default)}`,
  );
  return [
    description === '' ? 'a model' : `a model: ${description.split('\n')[0]}`,
    ...(needed.length > 0 ? [`parameters ${needed.join(', ')}`] : []),
    ...(shown.length > 0 ? [`columns ${shown.join(', ')}${more}`] : []),
  ].join('; ');
}
