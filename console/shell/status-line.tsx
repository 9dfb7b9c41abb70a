/** One line about the run: its state, how far it is, and the phases as a bar. Screen readers are told when a run begins and ends. */
import { useEffect, useState } from 'preact/hooks';
import { ask, isAbort } from '../api/client.ts';
import type { Finished } from '../api/run-query.ts';
import { type Run, run } from '../state/runs.ts';
import { notice } from '../state/view.ts';
import { words } from '../words/words.ts';
import { AnswerNotes } from './answer-notes.tsx';
import { ProblemText } from './problem-text.tsx';

const LOOK_MS = 1000;

export function StatusLine() {
  const current = run.value;
  const said = words.value;
  const isEmpty = current === null && notice.value === '';
  return (
    <section class={isEmpty ? 'status nothing' : 'status'} aria-label={said.runState}>
      <span class="line">
        {current !== null && current.state !== 'running' && (
          <span class={`state ${current.state}`} role="status">
            {endText(current)}
          </span>
        )}
        {current?.state === 'running' && <Progress current={current} />}
        {current?.finished != null && <PhaseBar finished={current.finished} />}
        {current !== null && current.asked.query !== current.text && <span class="part">{said.partRan}</span>}
        <span class="notice" role="status">
          {notice.value}
        </span>
      </span>
      {current?.finished != null && <AnswerNotes current={current} finished={current.finished} />}
      {current?.finished?.cut != null && <CutText current={current} cut={current.finished.cut} />}
      {current?.problem != null && current.state === 'failed' && <ProblemText problem={current.problem} />}
    </section>
  );
}

function endText({ state, rowCount, finished }: Run): string {
  const said = words.value;
  if (state === 'done') return said.done(rowCount, Math.round(finished?.elapsedMs ?? 0));
  return state === 'cancelled' ? said.cancelled : said.failed;
}

/** Rows and bytes that arrived, the time, and what the server says that it does now. */
function Progress({ current: { queryId, rowCount, rows, startedAt } }: { readonly current: Run }) {
  const [phase, setPhase] = useState('');
  const [now, setNow] = useState(Date.now());
  const said = words.value;
  useEffect(() => {
    const stop = new AbortController();
    const look = () => {
      setNow(Date.now());
      ask<{ phase: string }>(`v1/queries/${queryId}`, { signal: stop.signal }).then(
        (told) => setPhase(told.phase),
        (thrown: unknown) => isAbort(thrown) || setPhase(''),
      );
    };
    const timer = window.setInterval(look, LOOK_MS);
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [queryId]);
  const bytes = rows?.byteCount ?? 0;
  return (
    <>
      <span class="state running" role="status">
        {said.running}
      </span>
      <span>{said.progress(rowCount, bytes, Math.max(Math.round((now - startedAt) / 1000), 0))}</span>
      <span class="phase-name">{said.phases[phase as keyof typeof said.phases] ?? phase}</span>
    </>
  );
}

/** An answer that is not there whole says so, and how to get it. */
function CutText({ current, cut }: { readonly current: Run; readonly cut: 'page' | 'server' }) {
  const { rowCount, rows } = current;
  const said = words.value;
  return (
    <p class="cut" role="alert">
      {cut === 'page' ? said.cutByPage(rowCount, rows?.byteCount ?? 0) : said.cutByServer(rowCount)}
    </p>
  );
}

function PhaseBar({ finished: { phases } }: { readonly finished: Finished }) {
  const said = words.value;
  const parts = Object.entries(phases).filter(([, ms]) => ms > 0);
  const total = parts.reduce((sum, [, ms]) => sum + ms, 0);
  if (total === 0) return null;
  const nameOf = (phase: string) => said.phases[phase as keyof typeof said.phases] ?? phase;
  const text = parts.map(([name, ms]) => `${nameOf(name)} ${ms.toFixed(1)} ms`).join(', ');
  return (
    <>
      <span class="phases" role="img" aria-label={text} title={text}>
        {parts.map(([name, ms]) => (
          <span key={name} class={`phase phase-${name}`} style={{ width: `${(100 * ms) / total}%` }} />
        ))}
      </span>
      <small class="phase-text" aria-hidden="true">
        {text}
      </small>
    </>
  );
}
