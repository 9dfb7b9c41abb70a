/** Runs texts of the open tab, and shows in its editor what was run and what failed. */
import type { EditorHandle } from '../editor/query-editor.tsx';
import { textUpTo } from '../editor/up-to.ts';
import { start } from '../state/runs.ts';
import { openTabId, openText } from '../state/tabs.ts';
import { notice } from '../state/view.ts';

let editor: EditorHandle | null = null;

export function setEditor(handle: EditorHandle): void {
  editor = handle;
}

/** Returns the editor of the open tab; null before it is there. */
export function currentEditor(): EditorHandle | null {
  return editor;
}

/** Runs a text of the open tab: the whole, or its beginning. With `isAnew` no answer that the server keeps will do. */
export async function runText(text: string, isAnew = false): Promise<void> {
  notice.value = '';
  editor?.closeCompletion();
  const tab = openTabId.value;
  editor?.showRanPart(text.length);
  const ended = await start(text, isAnew);
  const isShown = openTabId.value === tab && editor?.text() === ended?.text;
  if (ended?.problem != null && isShown) editor?.underline(ended.problem);
}

export function runAll(): void {
  void runText(openText.value);
}

/** Runs up to the part of the query in which an offset lies. */
export function runUpTo(offset: number): void {
  void runText(textUpTo(openText.value, offset));
}
