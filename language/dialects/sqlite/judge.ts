/** SQLite's judge: SQLite itself, in the connector, says what a statement does while it prepares it. */
import { judgedByConnector } from '../judge.ts';

export const SQLITE_JUDGE = judgedByConnector(
  "SQLite's authorizer, in a file that is opened for reading only (connectors/sqlite)",
);
