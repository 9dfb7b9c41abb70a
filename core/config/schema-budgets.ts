/** The limits that keep one client, and what all of them send, from taking everything: memory, connections, workers. */
import { KIB, MIB, number, size } from './option.ts';

export function budgetOptions() {
  return {
    clientSharePercent: number(
      'FORKLINE_CLIENT_SHARE_PERCENT',
      'What one client may hold of the database connections and of the DSL workers while others hold some or wait; alone it leaves a quarter free. 100: everything.',
      1,
      100,
      50,
    ),
    readWindowMs: number(
      'FORKLINE_READ_WINDOW_MS',
      'A client that takes fewer than `limits.readBytes` of its answer in this time is ended; 0: never.',
      0,
      3_600_000,
      15_000,
    ),
    readBytes: size(
      'FORKLINE_READ_BYTES',
      'What a client has to take of its answer in `limits.readWindowMs`.',
      1,
      16 * KIB,
    ),
    bodiesBytes: size(
      'FORKLINE_BODIES_BYTES',
      'Bytes of large request bodies in flight, of all clients; one client has half of them at most.',
      64 * KIB,
      64 * MIB,
    ),
    historyBytes: size(
      'FORKLINE_HISTORY_BYTES',
      'Memory for the texts of queries that have ended; older ones then keep the beginning of theirs.',
      0,
      16 * MIB,
    ),
  };
}
