/**
 * What a planner thread knows of the connections that there are. They are not sent with each task: a task brings their
 * version, and a thread that knows an older one says so and gets them with the same task again. So a change costs each
 * thread one more message, and a thread that is started later needs no care.
 */
import type { ConnectionDialects } from '../../core/protocol/dialect-name.ts';

/** What planning goes by. */
export interface PlannerConnections {
  readonly dialects: ConnectionDialects;
  /** Functions of a connection's database that queries may call, as `schema.name`. */
  readonly allowFunctions: Readonly<Record<string, readonly string[]>>;
}

export interface VersionedConnections {
  /** Counts the changes. */
  readonly version: number;
  readonly connections: PlannerConnections;
}

/** What every message to a thread brings. `connections` is left out where the thread should know that version. */
export interface ConnectionsOfTask {
  readonly version: number;
  readonly connections?: PlannerConnections;
}

export class KnownConnections {
  #known: VersionedConnections;
  readonly #onChange: () => void;

  constructor(known: VersionedConnections, onChange: () => void) {
    this.#known = known;
    this.#onChange = onChange;
  }

  /** The connections of these names; null: all that there are. */
  seen(names: readonly string[] | null): ConnectionDialects {
    const { dialects } = this.#known.connections;
    if (names === null) return dialects;
    return Object.fromEntries(
      names.flatMap((name) => (Object.hasOwn(dialects, name) ? [[name, dialects[name]!]] : [])),
    );
  }

  allowedFunctions(connection: string): readonly string[] {
    const { allowFunctions } = this.#known.connections;
    return Object.hasOwn(allowFunctions, connection) ? allowFunctions[connection]! : [];
  }

  /** Takes newer connections. False: they are newer, and were not sent. */
  accept({ version, connections }: ConnectionsOfTask): boolean {
    if (version <= this.#known.version) return true;
    if (connections === undefined) return false;
    this.#known = { version, connections };
    this.#onChange();
    return true;
  }
}
