/** The size of each pool of workers, by its name: SQL workers that there are (`sql`), DSL workers that may run at once (`dsl`). */
export type PoolSizes = Readonly<Record<string, number>>;

/** The largest sizes of the pools that can be configured. */
export const MAX_POOL_SIZE = { sql: 64, dsl: 256 } as const;
