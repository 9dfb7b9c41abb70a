/** The console: what is written above, what came of it below. */
import { useRef, useState } from 'preact/hooks';
import { ask } from '../api/client.ts';
import { type EditorHandle, QueryEditor } from '../editor/query-editor.tsx';
import { textUpTo } from '../editor/up-to.ts';
import {
  cancel,
  changeTab,
  explanation,
  openTab,
  openTabId,
  queryContext,
  run,
  start,
} from '../state/console-state.ts';
import { words } from '../words/words.ts';
import { KeyForm } from './key-form.tsx';
import { linkToOpenTab } from './open-shared.ts';
import { Panels } from './panels.tsx';
import { Parameters } from './parameters.tsx';
import { StatusLine } from './status-line.tsx';
import { TabBar } from './tab-bar.tsx';
import { Toolbar } from './toolbar.tsx';

export function App() {
  const editor = useRef<EditorHandle | null>(null);
  const [notice, setNotice] = useState('');
  const runText = async (text: string) => {
    setNotice('');
    await start(text);
    const problem = run.value?.problem;
    if (problem != null) editor.current?.underline(problem);
  };
  const runAll = () => void runText(openTab.value.text);
  const runHere = () =>
    void runText(textUpTo(openTab.value.text, editor.current?.cursor() ?? 0, explanation.value));
  const format = () => void formatText(editor.current);
  const share = async () => {
    const link = linkToOpenTab();
    history.replaceState(null, '', link);
    await navigator.clipboard?.writeText(link).catch(() => {});
    setNotice(words.value.shared);
  };
  return (
    <div class="console">
      <header class="top">
        <h1>Forkline</h1>
        <TabBar />
        <nav aria-label={words.value.api}>
          <a href="docs">{words.value.api}</a>
        </nav>
      </header>
      <main>
        <section class="write" aria-label={words.value.query}>
          <Toolbar
            onRun={runAll}
            onRunHere={runHere}
            onCancel={cancel}
            onFormat={format}
            onShare={() => void share()}
          />
          <QueryEditor
            key={openTabId.value}
            initial={openTab.value.text}
            label={words.value.query}
            hint={words.value.queryHint}
            context={queryContext}
            onChange={(text) => changeTab({ text })}
            onExplained={(told) => {
              explanation.value = told;
            }}
            onReady={(handle) => {
              editor.current = handle;
            }}
            onRun={runAll}
            onRunHere={runHere}
            onFormat={format}
          />
          <Parameters />
        </section>
        <StatusLine notice={notice} />
        <KeyForm />
        <Panels
          onRunText={(text) => void runText(text)}
          onOpen={(text) => editor.current?.replace(text)}
          onNotice={setNotice}
        />
      </main>
    </div>
  );
}

async function formatText(editor: EditorHandle | null): Promise<void> {
  const { query } = await ask<{ query: string }>('v1/format', { body: { query: openTab.value.text } }).catch(
    () => ({
      // A text that cannot be read is underlined already, and stays as it is.
      query: openTab.value.text,
    }),
  );
  editor?.replace(query.trimEnd());
}
