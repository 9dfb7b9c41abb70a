/** The editor of one query. It holds the text; others read it by `onChange` and replace it by the handle. */
import {
  acceptCompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab, toggleComment } from '@codemirror/commands';
import { bracketMatching, indentUnit } from '@codemirror/language';
import { lintKeymap } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState, Prec } from '@codemirror/state';
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
import { placementMarks } from './placement-marks.ts';
import { queryProblems, underline } from './problems.ts';

export interface EditorHandle {
  readonly replace: (text: string) => void;
  readonly underline: (problem: Problem) => void;
  readonly focus: () => void;
  /** UTF-16 offset of the cursor. */
  readonly cursor: () => number;
}

export interface EditorProps {
  readonly initial: string;
  readonly label: string;
  readonly hint: string;
  readonly context: () => Omit<Asked, 'query'>;
  readonly onChange: (text: string) => void;
  readonly onExplained: (explanation: Explanation) => void;
  readonly onReady: (handle: EditorHandle) => void;
  readonly onRun: () => void;
  readonly onRunHere: () => void;
  readonly onFormat: () => void;
}

export function QueryEditor(props: EditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const view = createView(place.current!, () => latest.current);
    latest.current.onReady(handleOf(view));
    view.focus();
    return () => view.destroy();
  }, []);
  return <div class="editor" ref={place} />;
}

function createView(parent: HTMLElement, props: () => EditorProps): EditorView {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content ?? '';
  const call = (what: 'onRun' | 'onRunHere' | 'onFormat') => () => {
    props()[what]();
    return true;
  };
  const commands = Prec.highest(
    keymap.of([
      { key: 'Mod-Enter', run: call('onRun') },
      { key: 'Shift-Mod-Enter', run: call('onRunHere') },
      { key: 'Shift-Alt-f', run: call('onFormat') },
      { key: 'Mod-/', run: toggleComment },
      { key: 'Tab', run: acceptCompletion },
    ]),
  );
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: props().initial,
      extensions: [
        EditorView.cspNonce.of(nonce),
        commands,
        lineNumbers(),
        placementMarks,
        history(),
        drawSelection(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        indentUnit.of('  '),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': props().label }),
        placeholder(props().hint),
        queryHighlighting,
        queryCompletion(() => props().context()),
        queryProblems({ context: () => props().context(), explained: (one) => props().onExplained(one) }),
        keymap.of([
          ...closeBracketsKeymap,
          ...defaultKeymap,
          ...searchKeymap,
          ...historyKeymap,
          ...completionKeymap,
          ...lintKeymap,
          indentWithTab,
        ]),
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) props().onChange(state.doc.toString());
        }),
      ],
    }),
  });
}

function handleOf(view: EditorView): EditorHandle {
  return {
    replace: (text) => {
      if (text !== view.state.doc.toString())
        view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    underline: (problem) => underline(view, problem),
    focus: () => view.focus(),
    cursor: () => view.state.selection.main.head,
  };
}
