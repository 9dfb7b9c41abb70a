/** Asks for the facts of SQL the way the server does: the judge finds the names, a connector's session says what they are. */
import type { Session } from '../../connectors/kit/connector.ts';
import { Cancellation } from '../../core/process/cancellation.ts';
import type { DatabaseConnection } from '../../core/protocol/connection.ts';
import type { DialectName } from '../../core/protocol/dialect-name.ts';
import type { SqlFacts } from '../../core/protocol/sql-facts.ts';
import { judgeOf } from '../../language/dialects/registry.ts';

/** The module in the build: a session on a thread needs compiled files. */
const BUILT_REGISTRY = new URL('../../dist/connectors/registry.js', import.meta.url).href;

export class AskedFacts {
  readonly #session: Session;
  readonly #dialect: DialectName;

  constructor(session: Session, dialect: DialectName) {
    this.#session = session;
    this.#dialect = dialect;
  }

  static async open(config: DatabaseConnection, connectTimeoutMs = 10_000): Promise<AskedFacts> {
    const options = { name: 'main', workerId: 'test', connectTimeoutMs };
    const { connectionOf } = (await import(BUILT_REGISTRY)) as typeof import('../../connectors/registry.ts');
    const { session } = await (await connectionOf(config, options)).open();
    await judgeOf(config.kind).load();
    return new AskedFacts(session, config.kind);
  }

  async facts(sql: string, values: readonly (string | null)[] = []): Promise<SqlFacts> {
    const names = judgeOf(this.#dialect).namesIn(sql, values);
    const deadlineAt = Date.now() + 20_000;
    const control = { cancellation: new Cancellation(), deadlineAt, dispose: () => {} };
    return this.#session.facts({ queryId: 'q', connection: 'main', deadlineAt, sql, names }, control);
  }

  async volatility(sql: string, values?: readonly (string | null)[]): Promise<string> {
    return (await this.facts(sql, values)).volatility;
  }

  /** Returns the tables' names with their schemas; null when they are not known. */
  async tables(sql: string): Promise<string | null> {
    const { tables } = await this.facts(sql);
    return tables === null ? null : tables.map(({ schema, name }) => `${schema}.${name}`).join(' ');
  }

  end(): Promise<void> {
    return this.#session.end();
  }
}
