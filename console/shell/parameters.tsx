/** A field for each `:name` of the text. */
import { changeTab, openTab, parameterNames } from '../state/tabs.ts';
import { words } from '../words/words.ts';

export function Parameters() {
  const names = parameterNames.value;
  if (names.length === 0) return null;
  const { params } = openTab.value;
  return (
    <fieldset class="parameters">
      <legend>{words.value.parameters}</legend>
      {names.map((name) => (
        <label key={name}>
          <span>:{name}</span>
          <input
            title={words.value.parameterHint}
            value={params[name] ?? ''}
            onInput={(event) =>
              changeTab({ params: { ...openTab.value.params, [name]: event.currentTarget.value } })
            }
          />
        </label>
      ))}
    </fieldset>
  );
}
