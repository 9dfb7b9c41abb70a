/** Asks for an API key when the server refused a request without one. */
import { useState } from 'preact/hooks';
import { storedKey, storeKey } from '../api/client.ts';
import { run } from '../state/console-state.ts';
import { words } from '../words/words.ts';

export function KeyForm() {
  const [key, setKey] = useState('');
  const [hasKey, setHasKey] = useState(storedKey() !== null);
  const isNeeded = run.value?.problem?.status === 401;
  const said = words.value;
  const use = (value: string | null) => {
    storeKey(value);
    setHasKey(value !== null);
    setKey('');
    if (value !== null) location.reload();
  };
  if (!isNeeded)
    return hasKey ? (
      <button type="button" class="quiet log-out" onClick={() => use(null)}>
        {said.logOut}
      </button>
    ) : null;
  return (
    <form
      class="key"
      onSubmit={(event) => {
        event.preventDefault();
        if (key.trim() !== '') use(key.trim());
      }}
    >
      <p>{said.keyNeeded}</p>
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
