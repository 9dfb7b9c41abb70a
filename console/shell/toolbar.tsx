/** The commands on the open query, and its connection. */
import { useEffect, useState } from 'preact/hooks';
import { keyNumber } from '../api/client.ts';
import { complete } from '../api/complete.ts';
import { keyOf, runCommand } from '../commands/commands.ts';
import { shownKey } from '../commands/keys.ts';
import { hasJobs } from '../state/jobs.ts';
import { run } from '../state/runs.ts';
import { changeTab, openTab } from '../state/tabs.ts';
import { words } from '../words/words.ts';

export function Toolbar() {
  const said = words.value;
  const isRunning = run.value?.state === 'running';
  return (
    <div class="toolbar" role="toolbar" aria-label={said.query}>
      {isRunning ? (
        <Action id="cancel" label={said.cancel} kind="stop" />
      ) : (
        <Action id="run" label={said.run} kind="primary" />
      )}
      <Action id="run-here" label={said.runHere} />
      {hasJobs.value && <Action id="run-job" label={said.runAsJob} />}
      <Action id="format" label={said.format} />
      <Action id="share" label={said.share} />
      <ConnectionChoice />
    </div>
  );
}

function Action({
  id,
  label,
  kind = '',
}: {
  readonly id: string;
  readonly label: string;
  readonly kind?: string;
}) {
  return (
    <button type="button" class={kind} title={shownKey(keyOf(id))} onClick={() => runCommand(id)}>
      {label}
    </button>
  );
}

/** The names of connections come from completion, which knows those that the user may ask. */
function ConnectionChoice() {
  const [names, setNames] = useState<readonly string[] | null>(null);
  const { connection } = openTab.value;
  const asker = keyNumber.value;
  useEffect(() => {
    complete({ query: '@' }, 1)
      .then(({ items }) =>
        setNames(
          items.filter(({ kind }) => kind === 'connection').map(({ label }) => label.replace(/^@/, '')),
        ),
      )
      .catch(() => setNames(null)); // The server is away, or wants a key: nothing is known of its connections.
  }, [asker]);
  const known = names ?? [];
  const isGone = connection !== null && names !== null && !names.includes(connection);
  const all = connection === null || known.includes(connection) ? known : [...known, connection];
  if (all.length < 2 && connection === null) return null;
  return (
    <>
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
      {isGone && (
        <span class="gone" role="alert">
          {words.value.connectionGone(connection)}
        </span>
      )}
    </>
  );
}
