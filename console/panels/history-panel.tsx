/** The queries that ran in this browser, the latest first. */
import { useState } from 'preact/hooks';
import { forgetHistory } from '../share/stored.ts';
import { past } from '../state/runs.ts';
import { openQuery } from '../state/tabs.ts';
import { words } from '../words/words.ts';

export function HistoryPanel() {
  const [wanted, setWanted] = useState('');
  const said = words.value;
  if (past.value.length === 0) return <p class="empty">{said.noHistory}</p>;
  const found = past.value.filter(({ query }) => query.toLowerCase().includes(wanted.toLowerCase()));
  return (
    <>
      <div class="actions">
        <label>
          <span>{said.find}</span>
          <input type="search" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
        </label>
        <button
          type="button"
          onClick={() => {
            past.value = forgetHistory();
          }}
        >
          {said.forgetHistory}
        </button>
      </div>
      <ol class="history">
        {found.map(({ query, connection, at, rows }) => (
          <li key={`${at} ${query}`}>
            <button type="button" onClick={() => openQuery({ text: query, connection })}>
              <code>{query}</code>
            </button>
            <small>
              {new Date(at).toLocaleString(said.locale)} {rows !== null && `· ${said.rowCount(rows)}`}{' '}
              {connection !== null && `· ${connection}`}
            </small>
          </li>
        ))}
      </ol>
    </>
  );
}
