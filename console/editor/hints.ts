/** Tells what stands at the cursor (a line below the editor), and what the pointer rests on (a tooltip). */
import { EditorView, hoverTooltip } from '@codemirror/view';
import type { Asked } from '../api/asked.ts';
import { describe } from './describe.ts';
import { type Word, wordAround } from './word-around.ts';

const PAUSE_MS = 150;

export interface HintEvents {
  readonly context: () => Omit<Asked, 'query'>;
  /** Called with an empty text when there is nothing to tell. */
  readonly hint: (text: string) => void;
}

export function queryHints({ context, hint }: HintEvents) {
  const known = new Map<string, string>();
  let shown = '';
  let waiting = 0;
  let asking = new AbortController();
  const tell = (text: string) => {
    if (text !== shown) hint(text);
    shown = text;
  };
  const ask = async (query: string, word: Word) => {
    asking.abort();
    asking = new AbortController();
    const told = await describe({ ...context(), query }, word, asking.signal).catch(() => undefined);
    if (told === undefined) return; // given up, or the server is away
    known.set(word.text, told ?? '');
    tell(told ?? '');
  };
  const look = (view: EditorView) => {
    clearTimeout(waiting);
    const query = view.state.doc.toString();
    const word = wordAround(query, view.state.selection.main.head);
    const told = word === null ? '' : known.get(word.text);
    if (told !== undefined) tell(told);
    else waiting = window.setTimeout(() => void ask(query, word!), PAUSE_MS);
  };
  return [
    EditorView.updateListener.of(({ docChanged, selectionSet, view }) => {
      if (docChanged || selectionSet) look(view);
    }),
    hoverTooltip(async (view, position) => {
      const { from, to } = view.state.wordAt(position) ?? { from: 0, to: 0 };
      if (to === from) return null;
      const word = { text: view.state.sliceDoc(from, to), end: to };
      const asked = { ...context(), query: view.state.doc.toString() };
      const told = await describe(asked, word, new AbortController().signal).catch(() => null);
      return told === null
        ? null
        : { pos: from, end: to, above: true, create: () => ({ dom: tooltip(told) }) };
    }),
  ];
}

function tooltip(text: string): HTMLElement {
  const element = document.createElement('div');
  element.className = 'hover-hint';
  element.textContent = text;
  return element;
}
