/** SQLite files as a kind of database. */
import type { SqliteConnection } from '../../core/protocol/connection.ts';
import type { Connector } from '../kit/connector.ts';
import { openThread } from '../kit/threaded-session.ts';
import { fileError } from './errors.ts';

const THREAD = new URL('./thread.js', import.meta.url);
/** Opening takes 0.1 s of a core, and no network: on a machine that is very busy, so much the longer. */
const OPEN_TIMEOUT_MS = 60_000;

export const SQLITE_CONNECTOR: Connector<SqliteConnection> = {
  kind: 'sqlite',
  connect: (config, { name }) => ({
    open: async () => ({ session: await openThread(THREAD, config, OPEN_TIMEOUT_MS), notices: [] }),
    failureOf(thrown) {
      const error = fileError(name, thrown);
      const { code, message } = error;
      return { error, notice: { level: 'warn', event: 'database-unreachable', fields: { code, message } } };
    },
    async examine() {
      const session = await openThread(THREAD, config, OPEN_TIMEOUT_MS);
      await session.end();
      return [{ level: 'ok', text: 'the file can be read, and is opened for nothing else' }];
    },
  }),
};
