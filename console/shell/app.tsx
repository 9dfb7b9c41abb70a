/** The console: what is written above, what came of it below. */
import { useEffect, useState } from 'preact/hooks';
import { currentEditor, runUpTo, setEditor } from '../commands/run-text.ts';
import { QueryEditor } from '../editor/query-editor.tsx';
import { explained, queryContext } from '../state/runs.ts';
import { changeTab, openTab, openTabId, openText } from '../state/tabs.ts';
import { words } from '../words/words.ts';
import { ForgetDialog } from './forget-dialog.tsx';
import { Header } from './header.tsx';
import { KeyForm } from './key-form.tsx';
import { Palette } from './palette.tsx';
import { Panels } from './panels.tsx';
import { Parameters } from './parameters.tsx';
import { StatusLine } from './status-line.tsx';
import { Toolbar } from './toolbar.tsx';
import { useKeys } from './use-keys.ts';

export function App() {
  const [hint, setHint] = useState('');
  useKeys();
  useLookAgain();
  return (
    <div class="console">
      <Header />
      <main>
        <section class="write" aria-label={words.value.query}>
          <Toolbar />
          <QueryEditor
            key={openTabId.value}
            text={openText.value}
            currentText={() => openText.peek()}
            label={words.value.query}
            placeholder={words.value.queryHint}
            ownTexts={words.value.editorTexts}
            context={queryContext}
            onChange={(text) => changeTab({ text })}
            onExplained={(text, told) => {
              explained.value = { text, told };
            }}
            onHint={setHint}
            onMark={runUpTo}
            onReady={setEditor}
          />
          <p class="hint" aria-live="off" title={hint}>
            {hint}
          </p>
          <Parameters />
        </section>
        <KeyForm />
        <StatusLine />
        <Panels />
      </main>
      <Palette />
      <ForgetDialog />
    </div>
  );
}

/** Looks for mistakes again when what belongs to the text has changed. */
function useLookAgain(): void {
  const { id, connection, params } = openTab.value;
  useEffect(() => {
    if (explained.value !== null) currentEditor()?.lookAgain();
  }, [id, connection, params]);
}
