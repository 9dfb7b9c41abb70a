/** The judge of SQL over files: the stage engine's own parser, in the worker that runs it, with a list of what it may name. */
import { judgedByConnector } from '../judge.ts';

export const FILES_JUDGE = judgedByConnector(
  'its parser and a list of functions, and an engine that opens nothing outside of the root (workers/dsl/scan-sql.ts, scan-engine.ts)',
);
