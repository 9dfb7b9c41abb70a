/** The server as operators see it: queries with their phase, processes, slow and failing shapes, the log of one query. */
import { useEffect, useState } from 'preact/hooks';
import { ask, isAbort } from '../api/client.ts';
import { ProblemError } from '../api/problem.ts';
import { words } from '../words/words.ts';
import { LogStory } from './log-story.tsx';
import type { LogSummary, ServerProcess, ServerQuery } from './types.ts';

const EVERY_MS = 2000;

export function ServerPanel() {
  const queries = usePolled<{ queries: readonly ServerQuery[] }>('v1/queries');
  const processes = usePolled<{ processes: readonly ServerProcess[] }>('v1/processes');
  const shapes = usePolled<LogSummary>('v1/logs/summary');
  const [story, setStory] = useState<string | null>(null);
  return (
    <div class="server">
      {story !== null && <LogStory queryId={story} onClose={() => setStory(null)} />}
      {queries !== null && <Queries queries={queries.queries} onStory={setStory} />}
      {processes !== null && <Processes processes={processes.processes} />}
      {shapes !== null && <Shapes summary={shapes} onStory={setStory} />}
    </div>
  );
}

/** Returns the latest answer; null before the first, and for what this role may not see. */
function usePolled<T>(path: string): T | null {
  const [value, setValue] = useState<T | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    const look = async (): Promise<void> => {
      try {
        setValue(await ask<T>(path, { signal: stop.signal }));
      } catch (thrown) {
        if (isAbort(thrown)) return;
        if (thrown instanceof ProblemError && [401, 403].includes(thrown.problem.status))
          return setValue(null);
      }
      timer = window.setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path]);
  return value;
}

interface QueriesProps {
  readonly queries: readonly ServerQuery[];
  readonly onStory: (queryId: string) => void;
}

function Queries({ queries, onStory }: QueriesProps) {
  const said = words.value;
  const kill = (queryId: string) =>
    void ask(`v1/queries/${encodeURIComponent(queryId)}`, { method: 'DELETE' }).catch(() => {});
  return (
    <section>
      <h2>{said.queries}</h2>
      <table>
        <tbody>
          {queries.map(({ queryId, state, phase, query, elapsedMs, rows, connection, principal }) => (
            <tr key={queryId}>
              <td>{state}</td>
              <td>{state === 'running' ? phase : ''}</td>
              <td class="number">{Math.round(elapsedMs)} ms</td>
              <td class="number">{rows ?? ''}</td>
              <td>{connection}</td>
              <td>{principal}</td>
              <td>
                <button type="button" class="link" onClick={() => onStory(queryId)}>
                  <code>{query.slice(0, 120)}</code>
                </button>
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
        </tbody>
      </table>
    </section>
  );
}

function Processes({ processes }: { readonly processes: readonly ServerProcess[] }) {
  return (
    <section>
      <h2>{words.value.processes}</h2>
      <table>
        <tbody>
          {processes.map(({ workerId, pid, state, cpuPercent, rssBytes, queriesServed, queryId }) => (
            <tr key={workerId}>
              <td>{workerId}</td>
              <td class="number">{pid}</td>
              <td>{state}</td>
              <td class="number">{cpuPercent} %</td>
              <td class="number">{Math.round(rssBytes / 1_048_576)} MB</td>
              <td class="number">{queriesServed}</td>
              <td>{queryId ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Shapes({
  summary,
  onStory,
}: {
  readonly summary: LogSummary;
  readonly onStory: (queryId: string) => void;
}) {
  const failing = summary.mostFailing.filter(
    ({ shape }) => !summary.slowest.some((slow) => slow.shape === shape),
  );
  return (
    <section>
      <h2>{words.value.shapes}</h2>
      <table>
        <tbody>
          {[...summary.slowest, ...failing].map(({ shape, count, failed, meanMs, maxMs, queryId }) => (
            <tr key={shape}>
              <td class="number">{count}</td>
              <td class="number">{failed > 0 ? `${failed} ✗` : ''}</td>
              <td class="number">{Math.round(meanMs)} ms</td>
              <td class="number">{Math.round(maxMs)} ms</td>
              <td>
                <button type="button" class="link" onClick={() => onStory(queryId)}>
                  <code>{shape.slice(0, 120)}</code>
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
