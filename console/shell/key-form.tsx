/** Asks for an API key when the server refused a request, also in the middle of work: what is written stays. */
import { useState } from 'preact/hooks';
import { storedKey, storeKey, wantsKey } from '../api/client.ts';
import { currentEditor, runText } from '../commands/run-text.ts';
import { dropRuns, run } from '../state/runs.ts';
import { words } from '../words/words.ts';

export function KeyForm() {
  const [key, setKey] = useState('');
  const said = words.value;
  if (!wantsKey.value) return null;
  const use = () => {
    const refused = run.value;
    const before = storedKey();
    // Nobody knows whether the next key is of the same person: answers that the last one was given do not stay for it.
    if (before !== null && before !== key.trim()) dropRuns();
    storeKey(key.trim());
    setKey('');
    currentEditor()?.lookAgain();
    currentEditor()?.focus();
    // The run that was refused is what the user waits for.
    if (refused?.problem?.status === 401 && refused.jobId === null) void runText(refused.asked.query);
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
