/** Asks for an API key when the server refused a request, also in the middle of work: what is written stays. */
import { useState } from 'preact/hooks';
import { storedKey, storeKey, wantsKey } from '../api/client.ts';
import { currentEditor, runText } from '../commands/run-text.ts';
import { run } from '../state/runs.ts';
import { words } from '../words/words.ts';

export function KeyForm() {
  const [key, setKey] = useState('');
  const said = words.value;
  if (!wantsKey.value) return null;
  const use = () => {
    storeKey(key.trim());
    setKey('');
    currentEditor()?.lookAgain();
    currentEditor()?.focus();
    // The run that was refused is what the user waits for.
    const refused = run.value;
    if (refused?.problem?.status === 401) void runText(refused.asked.query);
  };
  return (
    <form
      class="key"
      onSubmit={(event) => {
        event.preventDefault();
        if (key.trim() !== '') use();
      }}
    >
      <p role="alert">{storedKey() === null ? said.keyNeeded : said.keyRefused}</p>
      <label>
        <span>{said.key}</span>
        <input
          type="password"
          autocomplete="off"
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary">
        {said.logIn}
      </button>
    </form>
  );
}
