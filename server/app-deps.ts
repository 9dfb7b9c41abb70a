/** What the routes need: made once in main.ts, or by tests. */
import type { LogSearch } from '../logger/search-client.ts';
import type { ProcessRow } from '../monitor/messages.ts';
import type { QueryHandlerDeps } from './query-handler.ts';

export interface AppDeps extends QueryHandlerDeps {
  readonly listProcesses: () => Promise<readonly ProcessRow[]>;
  readonly logSearch: LogSearch;
}
