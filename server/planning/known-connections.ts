/**
 * The connections as a planner thread knows them. They are not sent with each task: a task brings only their version, and a
 * thread that knows an older version replies so and gets the same task again, with the connections. So a change costs each
 * thread one more message, and a thread that starts later needs no special treatment.
 */
import type { ConnectionDialects } from '../../core/protocol/dialect-name.ts';

/** The facts about connections that planning depends on. */
export interface PlannerConnections {
  readonly dialects: ConnectionDialects;
  /** Functions that queries may call even if the catalogue marks them as unsafe, as `schema.name`, by connection. */
  readonly allowFunctions: Readonly<Record<string, readonly string[]>>;
}

export interface VersionedConnections {
  /** A number that grows with each change. */
  readonly version: number;
  readonly connections: PlannerConnections;
}

/** The part of every message to a thread about connections. `connections` is left out when the thread should know this version. */
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

  get dialects(): ConnectionDialects {
    return this.#known.connections.dialects;
  }

  /** Returns the connections of these names; null: all. */
  seen(names: readonly string[] | null): ConnectionDialects {
    const { dialects } = this;
    if (names === null) return dialects;
    return Object.fromEntries(
      names.flatMap((name) => (Object.hasOwn(dialects, name) ? [[name, dialects[name]!]] : [])),
    );
  }

  allowedFunctions(connection: string): readonly string[] {
    const { allowFunctions } = this.#known.connections;
    return Object.hasOwn(allowFunctions, connection) ? allowFunctions[connection]! : [];
  }

  /** Takes newer connections. Returns false when the version is newer but the connections were not sent. */
  accept({ version, connections }: ConnectionsOfTask): boolean {
    if (version <= this.#known.version) return true;
    if (connections === undefined) return false;
    this.#known = { version, connections };
    this.#onChange();
    return true;
  }
}
