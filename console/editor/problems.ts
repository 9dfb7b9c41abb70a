/**
 * Errors in the text, underlined where they are. The text is explained while the user pauses, which runs nothing; a suggested
 * name can be taken with one click. The same explanation gives the marks beside the stages (placement-marks.ts).
 */
import { type Action, type Diagnostic, linter, setDiagnostics } from '@codemirror/lint';
import { StateEffect, type Text } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';
import type { Asked } from '../api/asked.ts';
import { isAbort } from '../api/client.ts';
import { type Explanation, explainDraft } from '../api/explain.ts';
import { type Problem, ProblemError } from '../api/problem.ts';
import { showPlacement } from './placement-marks.ts';

const PAUSE_MS = 400;

/** Looks at the text again, since what belongs to it has changed: the connection or a parameter. */
export const lookAgain = StateEffect.define<null>();

export interface ProblemEvents {
  readonly context: () => Omit<Asked, 'query'>;
  readonly explained: (text: string, told: Explanation) => void;
}

export function queryProblems({ context, explained }: ProblemEvents) {
  let running: AbortController | null = null;
  const look = async (view: EditorView): Promise<readonly Diagnostic[]> => {
    running?.abort();
    running = new AbortController();
    const query = view.state.doc.toString();
    if (query.trim() === '') {
      view.dispatch({ effects: showPlacement.of([]) });
      return [];
    }
    try {
      const explanation = await explainDraft({ ...context(), query }, running.signal);
      if (view.state.doc.toString() === query) {
        view.dispatch({ effects: showPlacement.of(explanation.stages) });
        explained(query, explanation);
      }
      return [];
    } catch (thrown) {
      if (isAbort(thrown)) return [];
      return thrown instanceof ProblemError ? diagnosticsOf(thrown.problem, view.state.doc) : [];
    }
  };
  return linter(look, {
    delay: PAUSE_MS,
    needsRefresh: ({ transactions }) =>
      transactions.some(({ effects }) => effects.some((effect) => effect.is(lookAgain))),
  });
}

/** Underlines the place of a failed run at once, without waiting for a pause. */
export function underline(view: EditorView, problem: Problem): void {
  view.dispatch(setDiagnostics(view.state, diagnosticsOf(problem, view.state.doc)));
}

/** Returns nothing for a failure that has no place in the text, such as a server that is away. */
function diagnosticsOf(problem: Problem, doc: Text): Diagnostic[] {
  const { position } = problem;
  if (position === undefined) return [];
  const from = offsetOf(doc, position.line, position.column);
  const to = Math.max(offsetOf(doc, position.endLine, position.endColumn), from);
  return [
    {
      from,
      to,
      severity: 'error',
      message: problem.hint === undefined ? problem.detail : `${problem.detail}\n${problem.hint}`,
      actions: (problem.suggestions ?? []).slice(0, 3).map(takeSuggestion),
    },
  ];
}

function takeSuggestion(suggestion: string): Action {
  return {
    name: suggestion,
    apply: (view, from, to) => view.dispatch({ changes: { from, to, insert: suggestion } }),
  };
}

/** Returns the offset of a place that counts lines and columns from 1; a place beyond a line is its end. */
function offsetOf(doc: Text, line: number, column: number): number {
  const { from, to } = doc.line(Math.min(Math.max(line, 1), doc.lines));
  return Math.min(from + column - 1, to);
}
