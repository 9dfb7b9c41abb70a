/** A query with what belongs to it, as the API takes it. */
export interface Asked {
  readonly query: string;
  readonly connection?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}
