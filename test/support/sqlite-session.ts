/** A SQLite file read on the thread of the test: the calls of connectors/sqlite without their thread, which needs a built program. */
import type { ThreadSession } from '../../connectors/kit/session-thread.ts';
import { NO_FILE } from '../../connectors/kit/session-thread.ts';
import { SqliteFile } from '../../connectors/sqlite/database.ts';
import { copyTo, describe, introspect, run } from '../../connectors/sqlite/reads.ts';
import { loadSqlite } from '../../connectors/sqlite/wasm.ts';
import { unknownFacts } from '../../core/protocol/sql-facts.ts';

export async function openSqliteHere(path: string): Promise<ThreadSession & { end(): Promise<void> }> {
  const file = new SqliteFile(
    await loadSqlite(),
    path,
    () => false,
    new Int32Array(new SharedArrayBuffer(4)).fill(NO_FILE),
  );
  file.open();
  return {
    describe: (call) => describe(file, call),
    run: (call, sink, control) => run(file, call, sink, control),
    copyTo: (call, control) => copyTo(file, call, control),
    introspect: (call) => introspect(file, call),
    facts: () => Promise.resolve(unknownFacts('a test')),
    end: async () => file.close(),
  };
}
