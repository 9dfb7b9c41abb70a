/** One line about the run: its state, the rows, and the phases as a bar. Screen readers are told of changes. */
import type { Finished } from '../api/run-query.ts';
import { run } from '../state/console-state.ts';
import { words } from '../words/words.ts';
import { ProblemText } from './problem-text.tsx';

export function StatusLine({ notice }: { readonly notice: string }) {
  const current = run.value;
  return (
    <section class="status" aria-live="polite">
      {current !== null && <span class={`state ${current.state}`}>{stateText()}</span>}
      {current?.finished != null && <PhaseBar finished={current.finished} />}
      {notice !== '' && <span class="notice">{notice}</span>}
      {current?.problem != null && <ProblemText problem={current.problem} />}
    </section>
  );
}

function stateText(): string {
  const { state, rowCount, finished } = run.value!;
  const said = words.value;
  if (state === 'running') return said.running(rowCount);
  if (state === 'done') return said.done(rowCount, Math.round(finished?.elapsedMs ?? 0));
  return said[state];
}

function PhaseBar({ finished: { phases } }: { readonly finished: Finished }) {
  const parts = Object.entries(phases).filter(([, ms]) => ms > 0);
  const total = parts.reduce((sum, [, ms]) => sum + ms, 0);
  if (total === 0) return null;
  const text = parts.map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`).join(', ');
  return (
    <span class="phases" role="img" aria-label={text} title={text}>
      {parts.map(([name, ms]) => (
        <span key={name} class={`phase phase-${name}`} style={{ width: `${(100 * ms) / total}%` }} />
      ))}
    </span>
  );
}
