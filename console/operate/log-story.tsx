/** The lines of all processes about one query, in the order of time, with the time since the first. */
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../api/client.ts';
import { words } from '../words/words.ts';
import type { LogLine } from './types.ts';

export function LogStory({ queryId, onClose }: { readonly queryId: string; readonly onClose: () => void }) {
  const [lines, setLines] = useState<readonly LogLine[] | null>(null);
  const [failure, setFailure] = useState('');
  useEffect(() => {
    ask<{ lines: readonly LogLine[] }>(`v1/logs?query=${encodeURIComponent(queryId)}`).then(
      (told) => setLines(told.lines),
      (thrown: unknown) => setFailure(thrown instanceof Error ? thrown.message : String(thrown)),
    );
  }, [queryId]);
  const first = lines?.[0] === undefined ? 0 : Date.parse(lines[0].time);
  return (
    <section class="story">
      <h2>
        {words.value.log}: {queryId}
      </h2>
      {failure !== '' && <p role="alert">{failure}</p>}
      <ol>
        {(lines ?? []).map(({ time, level, role, event, message }) => (
          <li key={`${time} ${event} ${message}`} class={level}>
            <small>+{Date.parse(time) - first} ms</small> <strong>{role}</strong> {event}: {message}
          </li>
        ))}
      </ol>
      <button type="button" onClick={onClose}>
        {words.value.close}
      </button>
    </section>
  );
}
