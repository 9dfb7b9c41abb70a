/** The calls of the server that hear what databases say about changes. Each uses a session of its own, beside those of queries. */
import type { CallControl } from '../../connectors/kit/call-control.ts';
import type { ByteSink, Connection } from '../../connectors/kit/connector.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { ChangeLine } from '../../core/protocol/sql-worker.ts';

interface Hearing {
  readonly name: string;
  readonly connection: Connection;
  readonly control: CallControl;
}

export class ChangeHearings {
  readonly #connectionOf: (name: string) => Connection | undefined;
  readonly #running = new Set<Hearing>();

  constructor(connectionOf: (name: string) => Connection | undefined) {
    this.#connectionOf = connectionOf;
  }

  /** Writes a line for each change. Rejects when the database is not heard any more, or cannot tell. */
  async hear(name: string, sink: ByteSink, control: CallControl): Promise<never> {
    const connection = this.#connectionOf(name);
    if (connection === undefined)
      throw new QueryError('unknown-connection', `there is no connection ${name}`);
    if (connection.hearChanges === undefined)
      throw new QueryError('unsupported', `the database of ${name} does not tell changes`, {
        hint: 'Leave the connection out of cache.listen.',
      });
    const tell = (line: ChangeLine): void => {
      sink.write(Buffer.from(`${JSON.stringify(line)}\n`), () => {});
    };
    const hearing = { name, connection, control };
    this.#running.add(hearing);
    try {
      return await connection.hearChanges(
        { heard: () => tell({ heard: true }), changed: (changed) => tell({ changed }) },
        control,
      );
    } catch (thrown) {
      throw thrown instanceof QueryError ? thrown : connection.failureOf(thrown).error;
    } finally {
      this.#running.delete(hearing);
    }
  }

  /** Ends those whose connection leads to another database now. */
  endOutdated(): void {
    for (const { name, connection, control } of this.#running)
      if (this.#connectionOf(name) !== connection)
        control.cancellation.cancel(new QueryError('cancelled', `the connection ${name} was changed`));
  }
}
