/** The server as operators see it: queries with their phase, processes, slow and failing shapes, the log of one query. What the role may not see is not there. */
import { useEffect, useState } from 'preact/hooks';
import { ask, isAbort, keyNumber } from '../api/client.ts';
import { ProblemError } from '../api/problem.ts';
import { words } from '../words/words.ts';
import { LogStory } from './log-story.tsx';
import { Processes, Queries, Shapes } from './tables.tsx';
import type { LogSummary, ServerProcess, ServerQuery } from './types.ts';

const EVERY_MS = 2000;

export function ServerPanel() {
  const queries = usePolled<{ queries: readonly ServerQuery[] }>('v1/queries');
  const processes = usePolled<{ processes: readonly ServerProcess[] }>('v1/processes');
  const shapes = usePolled<LogSummary>('v1/logs/summary');
  const [story, setStory] = useState<string | null>(null);
  const onStory = shapes === null ? null : setStory;
  return (
    <div class="server">
      {story !== null && <LogStory queryId={story} onClose={() => setStory(null)} />}
      {queries !== null && <Queries queries={queries.queries} onStory={onStory} />}
      {queries?.queries.length === 0 && <p class="empty">{words.value.noQueries}</p>}
      {processes !== null && <Processes processes={processes.processes} />}
      {shapes !== null && <Shapes summary={shapes} onStory={onStory} />}
    </div>
  );
}

/** Returns the latest answer; null before the first, and for what this role may not see. */
function usePolled<T>(path: string): T | null {
  const [value, setValue] = useState<T | null>(null);
  const asker = keyNumber.value;
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    const look = async (): Promise<void> => {
      try {
        setValue(await ask<T>(path, { signal: stop.signal }));
      } catch (thrown) {
        if (isAbort(thrown)) return;
        const status = thrown instanceof ProblemError ? thrown.problem.status : 0;
        // Another key may have another role; until then the answer stays the same. A log that is not stored is 404.
        if ([401, 403, 404].includes(status)) return setValue(null);
      }
      timer = window.setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, asker]);
  return value;
}
