/** The commands on the open query, and its connection. */
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../api/client.ts';
import { changeTab, openTab, run } from '../state/console-state.ts';
import { chooseLanguage, language, words } from '../words/words.ts';
import { switchTheme } from './theme.ts';

interface ToolbarProps {
  readonly onRun: () => void;
  readonly onRunHere: () => void;
  readonly onCancel: () => void;
  readonly onFormat: () => void;
  readonly onShare: () => void;
}

export function Toolbar({ onRun, onRunHere, onCancel, onFormat, onShare }: ToolbarProps) {
  const said = words.value;
  const isRunning = run.value?.state === 'running';
  return (
    <div class="toolbar" role="toolbar" aria-label={said.query}>
      <button type="button" class="primary" title="Ctrl-Enter" onClick={onRun}>
        {said.run}
      </button>
      <button type="button" title="Ctrl-Shift-Enter" onClick={onRunHere}>
        {said.runHere}
      </button>
      <button type="button" disabled={!isRunning} onClick={onCancel}>
        {said.cancel}
      </button>
      <button type="button" title="Shift-Alt-F" onClick={onFormat}>
        {said.format}
      </button>
      <button type="button" onClick={onShare}>
        {said.share}
      </button>
      <ConnectionChoice />
      <span class="space" />
      <button type="button" class="quiet" onClick={switchTheme}>
        {said.theme}
      </button>
      <button
        type="button"
        class="quiet"
        lang={language.value === 'en' ? 'ko' : 'en'}
        onClick={() => chooseLanguage(language.value === 'en' ? 'ko' : 'en')}
      >
        {said.language}
      </button>
    </div>
  );
}

/** The names of connections come from completion, which knows those that the user may ask. */
function ConnectionChoice() {
  const [names, setNames] = useState<readonly string[]>([]);
  const { connection } = openTab.value;
  useEffect(() => {
    ask<{ items: readonly { kind: string; label: string }[] }>('v1/complete', {
      body: { query: '@', position: 1 },
    })
      .then(({ items }) =>
        setNames(
          items.filter(({ kind }) => kind === 'connection').map(({ label }) => label.replace(/^@/, '')),
        ),
      )
      .catch(() => setNames([]));
  }, []);
  const all = connection === null || names.includes(connection) ? names : [...names, connection];
  return (
    <label class="connection">
      <span>{words.value.connection}</span>
      <select
        value={connection ?? ''}
        onChange={(event) =>
          changeTab({ connection: event.currentTarget.value === '' ? null : event.currentTarget.value })
        }
      >
        <option value="">{words.value.defaultConnection}</option>
        {all.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
