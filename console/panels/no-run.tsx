/** The content of a panel of rows before there are any: why, and what to do. Somebody who is here for the first time finds queries to begin with. */
import { useEffect, useState } from 'preact/hooks';
import { keyNumber } from '../api/client.ts';
import { runAll, runText } from '../commands/run-text.ts';
import { run } from '../state/runs.ts';
import { openQuery, openTab, openText } from '../state/tabs.ts';
import { view } from '../state/view.ts';
import { words } from '../words/words.ts';
import { type Example, exampleQueries } from './examples.ts';

export function NoRun() {
  const current = run.value;
  const said = words.value;
  if (current?.isDropped) return <Message text={said.rowsGaveWay} />;
  if (current?.state === 'running') return <p class="empty">{said.running}</p>;
  if (current?.state === 'cancelled' || current?.state === 'failed')
    return <p class="empty">{said.noRowsArrived}</p>;
  return openText.value.trim() === '' ? <Examples /> : <Message text={said.noRun} />;
}

function Message({ text }: { readonly text: string }) {
  return (
    <div class="empty">
      <p>{text}</p>
      <button type="button" class="primary" onClick={() => runAll()}>
        {words.value.run}
      </button>
    </div>
  );
}

function Examples() {
  const [examples, setExamples] = useState<readonly Example[]>([]);
  const { connection } = openTab.value;
  const asker = keyNumber.value;
  useEffect(() => {
    const stop = new AbortController();
    exampleQueries(connection, stop.signal).then(setExamples, () => setExamples([]));
    return () => stop.abort();
  }, [connection, asker]);
  const said = words.value;
  const open = ({ query, params = {}, chart, shows }: Example) => {
    openQuery({ text: query, connection, params, chart });
    view.value = shows;
    void runText(query);
  };
  return (
    <div class="examples">
      <h2>{said.welcome}</h2>
      <p>{said.welcomeText}</p>
      {examples.length > 0 && <h3>{said.beginWith}</h3>}
      <ul>
        {examples.map((example) => (
          <li key={example.query}>
            <button type="button" onClick={() => open(example)}>
              <strong>{example.title(said)}</strong>
              <code>{example.query}</code>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
