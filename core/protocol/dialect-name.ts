/** The names of the SQL dialects that statements are written in: the stage engine's, and one for each kind of database. */
export type DialectName = 'duckdb' | 'postgres';
