/** The server as operators see it: queries with their phase, processes, slow and failing shapes, the log of one query. What the role may not see is not there. */
import { useState } from 'preact/hooks';
import { words } from '../words/words.ts';
import { LogStory } from './log-story.tsx';
import { Processes, Queries, Shapes } from './tables.tsx';
import type { LogSummary, ServerProcess, ServerQuery } from './types.ts';
import { usePolled } from './use-polled.ts';

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
