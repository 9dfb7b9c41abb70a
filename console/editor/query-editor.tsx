/** The editor of one query. It holds the text; others read it by `onChange`, and change it by `text` or by the handle. */
import {
  acceptCompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
} from '@codemirror/autocomplete';
import {
  defaultKeymap,
  history,
  historyKeymap,
  indentWithTab,
  isolateHistory,
  toggleComment,
} from '@codemirror/commands';
import { bracketMatching, indentUnit } from '@codemirror/language';
import { lintKeymap } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, type Extension, Prec } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  placeholder,
} from '@codemirror/view';
import { useEffect, useRef } from 'preact/hooks';
import type { Asked } from '../api/asked.ts';
import type { Explanation } from '../api/explain.ts';
import type { Problem } from '../api/problem.ts';
import { queryCompletion } from './completion.ts';
import { queryHighlighting } from './highlight.ts';
import { queryHints } from './hints.ts';
import { placementMarks } from './placement-marks.ts';
import { lookAgain, queryProblems, underline } from './problems.ts';
import { ranPart, showRanPart } from './ran-part.ts';

export interface EditorHandle {
  readonly text: () => string;
  readonly replace: (text: string) => void;
  /** Writes at the cursor, or instead of what is selected. */
  readonly insert: (text: string) => void;
  readonly closeCompletion: () => void;
  readonly underline: (problem: Problem) => void;
  readonly showRanPart: (end: number) => void;
  readonly lookAgain: () => void;
  readonly comment: () => void;
  readonly focus: () => void;
  /** UTF-16 offset of the cursor. */
  readonly cursor: () => number;
  readonly moveTo: (offset: number) => void;
}

export interface EditorProps {
  readonly text: string;
  /** Returns the text as it is now: `text` may be older than what was typed since it was drawn. */
  readonly currentText: () => string;
  readonly label: string;
  readonly placeholder: string;
  /** The editor's own texts in the language of the page. */
  readonly ownTexts: Readonly<Record<string, string>>;
  readonly context: () => Omit<Asked, 'query'>;
  readonly onChange: (text: string) => void;
  readonly onExplained: (text: string, told: Explanation) => void;
  readonly onHint: (text: string) => void;
  readonly onMark: (offset: number) => void;
  readonly onReady: (handle: EditorHandle) => void;
}

type Texts = Pick<EditorProps, 'label' | 'placeholder' | 'ownTexts'>;

const texts = new Compartment();

export function QueryEditor(props: EditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const { text, label, placeholder: empty, ownTexts } = props;
  useEffect(() => {
    const created = createView(place.current!, () => latest.current);
    view.current = created;
    latest.current.onReady(handleOf(created));
    created.focus();
    return () => created.destroy();
  }, []);
  useEffect(() => {
    if (view.current !== null) replaceAll(view.current, latest.current.currentText());
  }, [text]);
  useEffect(() => {
    view.current?.dispatch({ effects: texts.reconfigure(textsOf({ label, placeholder: empty, ownTexts })) });
  }, [label, empty, ownTexts]);
  return <div class="editor" ref={place} />;
}

function createView(parent: HTMLElement, props: () => EditorProps): EditorView {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content ?? '';
  const context = () => props().context();
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: props().text,
      extensions: [
        EditorView.cspNonce.of(nonce),
        Prec.highest(keymap.of([{ key: 'Tab', run: acceptCompletion }])),
        lineNumbers(),
        placementMarks((offset) => props().onMark(offset)),
        history(),
        drawSelection(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        indentUnit.of('  '),
        EditorView.lineWrapping,
        texts.of(textsOf(props())),
        ranPart,
        queryHighlighting,
        queryCompletion(context),
        queryProblems({ context, explained: (text, told) => props().onExplained(text, told) }),
        queryHints({ context, hint: (text) => props().onHint(text) }),
        keymap.of([
          ...closeBracketsKeymap,
          ...completionKeymap,
          ...lintKeymap,
          ...searchKeymap,
          ...historyKeymap,
          // The page has a meaning of its own for this key.
          ...defaultKeymap.filter(({ key }) => key !== 'Mod-Enter' && key !== 'Mod-/'),
          indentWithTab,
        ]),
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) props().onChange(state.doc.toString());
        }),
      ],
    }),
  });
}

function textsOf({ label, placeholder: empty, ownTexts }: Texts): Extension {
  return [
    EditorView.contentAttributes.of({ 'aria-label': label }),
    placeholder(empty),
    EditorState.phrases.of(ownTexts),
  ];
}

/** Replaces the text as one step of undo. */
function replaceAll(view: EditorView, text: string): void {
  const { doc } = view.state;
  if (text === doc.toString()) return;
  view.dispatch({
    changes: { from: 0, to: doc.length, insert: text },
    selection: { anchor: Math.min(view.state.selection.main.head, text.length) },
    annotations: isolateHistory.of('full'),
  });
}

function handleOf(view: EditorView): EditorHandle {
  return {
    text: () => view.state.doc.toString(),
    replace: (text) => replaceAll(view, text),
    insert: (text) => view.dispatch(view.state.replaceSelection(text), { scrollIntoView: true }),
    closeCompletion: () => void closeCompletion(view),
    underline: (problem) => underline(view, problem),
    showRanPart: (end) => view.dispatch({ effects: showRanPart.of(end) }),
    lookAgain: () => view.dispatch({ effects: lookAgain.of(null) }),
    comment: () => void toggleComment(view),
    focus: () => view.focus(),
    cursor: () => view.state.selection.main.head,
    moveTo: (offset) => view.dispatch({ selection: { anchor: offset }, scrollIntoView: true }),
  };
}
