/** A failure in words: what, where, and how to mend it. */
import type { Problem } from '../api/problem.ts';
import { currentEditor } from '../commands/run-text.ts';
import { words } from '../words/words.ts';

export function ProblemText({ problem }: { readonly problem: Problem }) {
  const { code, detail, hint, position, rowsArrived } = problem;
  const said = words.value;
  return (
    <div class="problem" role="alert">
      <strong>{code}</strong> {position !== undefined && <PlaceButton place={position} />} {detail}
      {hint !== undefined && <p>{hint}</p>}
      {rowsArrived !== undefined && <p>{said.notAllRows(rowsArrived)}</p>}
      {code === 'unreachable' && <p>{said.away}</p>}
    </div>
  );
}

/** Moves the cursor to the place of the mistake. */
function PlaceButton({ place: { line, column } }: { readonly place: { line: number; column: number } }) {
  const go = () => {
    const editor = currentEditor();
    const before =
      editor
        ?.text()
        .split('\n')
        .slice(0, line - 1) ?? [];
    editor?.moveTo(before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1);
    editor?.focus();
  };
  return (
    <button type="button" class="link" onClick={go}>
      {words.value.place(line, column)}
    </button>
  );
}
