/** The tables of the panel about the server. */
import { ask } from '../api/client.ts';
import { unreachable } from '../api/problem.ts';
import { notice } from '../state/view.ts';
import { words } from '../words/words.ts';
import { Table } from './table.tsx';
import type { LogSummary, ServerProcess, ServerQuery } from './types.ts';

const SHOWN = 160;
const MEGABYTE = 1_048_576;

/** Opens the log of a query; null when the role may not read the log. */
type OnStory = ((queryId: string) => void) | null;

interface QueriesProps {
  readonly queries: readonly ServerQuery[];
  readonly onStory: OnStory;
}

export function Queries({ queries, onStory }: QueriesProps) {
  const said = words.value;
  const kill = (queryId: string) =>
    void ask(`v1/queries/${encodeURIComponent(queryId)}`, { method: 'DELETE' }).catch((thrown: unknown) => {
      notice.value = unreachable(thrown).problem.detail;
    });
  const nameOf = (phase: string) => said.phases[phase as keyof typeof said.phases] ?? phase;
  return (
    <Table
      title={said.queries}
      heads={[said.state, said.phase, said.time, said.rows, said.connection, said.who, said.query, '']}
    >
      {queries.map(({ queryId, state, phase, query, elapsedMs, rows, connection, principal }) => (
        <tr key={queryId}>
          <td class={`state ${state}`}>{stateName(state)}</td>
          <td>{state === 'running' ? nameOf(phase) : ''}</td>
          <td class="number">{Math.round(elapsedMs)} ms</td>
          <td class="number">{rows ?? ''}</td>
          <td>{connection}</td>
          <td>{principal}</td>
          <td>
            <QueryText text={query} queryId={queryId} onStory={onStory} />
          </td>
          <td>
            {state === 'running' && (
              <button type="button" onClick={() => kill(queryId)}>
                {said.kill}
              </button>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

export function Processes({ processes }: { readonly processes: readonly ServerProcess[] }) {
  const said = words.value;
  return (
    <Table
      title={said.processes}
      heads={[said.process, 'PID', said.state, said.processor, said.memory, said.served, said.works]}
    >
      {processes.map(({ workerId, pid, state, cpuPercent, rssBytes, queriesServed, queryId }) => (
        <tr key={workerId}>
          <td>{workerId}</td>
          <td class="number">{pid}</td>
          <td>{stateName(state)}</td>
          <td class="number">{cpuPercent} %</td>
          <td class="number">{Math.round(rssBytes / MEGABYTE)} MB</td>
          <td class="number">{queriesServed}</td>
          <td>{queryId ?? ''}</td>
        </tr>
      ))}
    </Table>
  );
}

interface ShapesProps {
  readonly summary: LogSummary;
  readonly onStory: OnStory;
}

export function Shapes({ summary, onStory }: ShapesProps) {
  const said = words.value;
  const failing = summary.mostFailing.filter(
    ({ shape }) => !summary.slowest.some((slow) => slow.shape === shape),
  );
  return (
    <Table title={said.shapes} heads={[said.count, said.failures, said.mean, said.longest, said.query]}>
      {[...summary.slowest, ...failing].map(({ shape, count, failed, meanMs, maxMs, queryId }) => (
        <tr key={shape}>
          <td class="number">{count}</td>
          <td class="number">{failed > 0 ? failed : ''}</td>
          <td class="number">{Math.round(meanMs)} ms</td>
          <td class="number">{Math.round(maxMs)} ms</td>
          <td>
            <QueryText text={shape} queryId={queryId} onStory={onStory} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function stateName(state: string): string {
  const { states } = words.value;
  return states[state as keyof typeof states] ?? state;
}

interface TextProps {
  readonly text: string;
  readonly queryId: string;
  readonly onStory: OnStory;
}

function QueryText({ text, queryId, onStory }: TextProps) {
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  const code = <code title={text}>{shown === '' ? words.value.untitled : shown}</code>;
  if (onStory === null) return code;
  return (
    <button type="button" class="link" onClick={() => onStory(queryId)}>
      {code}
    </button>
  );
}
