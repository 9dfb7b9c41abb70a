/** The size of each pool of workers, by its name: how many SQL workers run (`sql`), how many DSL workers may run at once (`dsl`). */
export type PoolSizes = Readonly<Record<string, number>>;

/** The largest sizes of the pools that can be configured. */
export const MAX_POOL_SIZE = { sql: 64, dsl: 256 } as const;
