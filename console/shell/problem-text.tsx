/** A failure in words: what, where, and how to mend it. */
import type { Problem } from '../api/problem.ts';
import { words } from '../words/words.ts';

export function ProblemText({ problem }: { readonly problem: Problem }) {
  const { code, detail, hint, position } = problem;
  const place = position === undefined ? '' : ` (${position.line}:${position.column})`;
  return (
    <div class="problem" role="alert">
      <strong>{code}</strong>
      {place}: {detail}
      {hint !== undefined && <p>{hint}</p>}
      {code === 'unreachable' && <p>{words.value.away}</p>}
    </div>
  );
}
