/** The jobs of whoever asks: how far each is, its rows, its file, and its end. */
import { useState } from 'preact/hooks';
import { endJob, JOBS_PATH, type Job, resultPath } from '../api/jobs.ts';
import { unreachable } from '../api/problem.ts';
import { Table } from '../operate/table.tsx';
import { usePolled } from '../operate/use-polled.ts';
import { runAsJob, startedJobs } from '../state/jobs.ts';
import { showJob } from '../state/runs.ts';
import { openAsked, openText } from '../state/tabs.ts';
import { notice, view } from '../state/view.ts';
import { words } from '../words/words.ts';
import { SaveFile } from './save-file.tsx';

export function JobsPanel() {
  const [version, setVersion] = useState(0);
  const told = usePolled<{ jobs: readonly Job[] }>(JOBS_PATH, version);
  const said = words.value;
  const end = (job: Job) =>
    void endJob(job.id)
      .catch((thrown: unknown) => {
        notice.value = unreachable(thrown).problem.detail;
      })
      .then(() => setVersion((before) => before + 1));
  return (
    <div class="jobs">
      <p class="empty">{said.aboutJobs}</p>
      <div class="actions">
        <button type="button" disabled={openText.value.trim() === ''} onClick={() => void runAsJob()}>
          {said.runAsJob}
        </button>
      </div>
      {told !== null && told.jobs.length > 0 && (
        <Table title={said.jobs} heads={[said.state, said.started, said.time, said.rows, said.query, '']}>
          {told.jobs.map((job) => (
            <JobLine key={job.id} job={job} onEnd={() => end(job)} />
          ))}
        </Table>
      )}
      {told?.jobs.length === 0 && <p class="empty">{said.noJobs}</p>}
    </div>
  );
}

function JobLine({ job, onEnd }: { readonly job: Job; readonly onEnd: () => void }) {
  const said = words.value;
  const { state, phase, createdAt, elapsedMs, rows, bytes, complete, query, error, result } = job;
  const isRunning = state === 'running';
  return (
    <tr>
      <td class={`state ${state}`}>
        {said.states[state]}
        {isRunning && ` · ${said.phases[phase as keyof typeof said.phases] ?? phase}`}
      </td>
      <td>{new Date(createdAt).toLocaleString(said.locale)}</td>
      <td class="number">{said.seconds(elapsedMs)}</td>
      <td class="number">
        {rows === null ? said.bytes(bytes) : `${said.rowCount(rows)}, ${said.bytes(bytes)}`}
        {state === 'finished' && !complete && <span class="cut"> {said.cutByServer(rows ?? 0)}</span>}
      </td>
      <td>
        <code>{query}</code>
        {error !== null && state === 'failed' && (
          <p class="cut">
            {error.code}: {error.message}
          </p>
        )}
      </td>
      <td class="buttons">
        {result !== null && <ResultButtons job={job} />}
        <button type="button" onClick={onEnd}>
          {isRunning ? said.cancel : said.removeJob}
        </button>
      </td>
    </tr>
  );
}

/** The rows of a job that was started elsewhere are in a form that the grid does not read without rounding numbers, so it has a file only. */
function ResultButtons({ job: { id, queryId, format } }: { readonly job: Job }) {
  const said = words.value;
  const started = startedJobs.value.find((one) => one.id === id);
  const show = () => {
    openAsked(started!.asked);
    notice.value = '';
    view.value = 'rows';
    void showJob(id, queryId, started!.asked);
  };
  return (
    <>
      {started !== undefined && (
        <button type="button" onClick={show}>
          {said.runStage}
        </button>
      )}
      <SaveFile
        formats={[format]}
        request={() => ({ format, path: resultPath(id), queryId })}
        telling={said.downloadingJob}
      />
    </>
  );
}
