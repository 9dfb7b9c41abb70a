/** The thread of one session on a SQLite file: SQLite holds up the thread that it runs on. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { SqliteConnection } from '../../core/protocol/connection.ts';
import { serveSession, type ThreadData } from '../kit/session-thread.ts';
import { SqliteFile } from './database.ts';
import { facts } from './facts.ts';
import { copyTo, describe, introspect, run } from './reads.ts';
import { loadSqlite } from './wasm.ts';

const { config, interrupt, openFile } = workerData as ThreadData<SqliteConnection>;
const sqlite = await loadSqlite();

serveSession(parentPort as MessagePort, () => {
  const file = new SqliteFile(sqlite, config.path, () => Atomics.load(interrupt, 0) === 1, openFile);
  file.open();
  return {
    describe: (call) => describe(file, call),
    run: (call, sink, control) => run(file, call, sink, control),
    copyTo: (call, control) => copyTo(file, call, control),
    introspect: (call) => introspect(file, call),
    facts: (call) => facts(file, call),
  };
});
