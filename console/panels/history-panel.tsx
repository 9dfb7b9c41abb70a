/** The queries that ran in this browser, the latest first. */
import { past } from '../state/console-state.ts';
import { words } from '../words/words.ts';

export function HistoryPanel({ onOpen }: { readonly onOpen: (text: string) => void }) {
  if (past.value.length === 0) return <p class="empty">{words.value.noHistory}</p>;
  return (
    <ol class="history">
      {past.value.map(({ query, at, rows }) => (
        <li key={`${at} ${query}`}>
          <button type="button" onClick={() => onOpen(query)}>
            <code>{query}</code>
          </button>
          <small>
            {new Date(at).toLocaleString()} {rows !== null && `· ${rows}`}
          </small>
        </li>
      ))}
    </ol>
  );
}
