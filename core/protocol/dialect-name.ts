/** The names of the SQL dialects: `duckdb` is that of the stage engine, `files` what it reads files with, the others are those of databases. */
export type DialectName = 'postgres' | 'sqlite' | 'mariadb' | 'spark' | 'files' | 'duckdb';

/** The dialect that each connection's database speaks, by the connection's name. */
export type ConnectionDialects = Readonly<Record<string, DialectName>>;
