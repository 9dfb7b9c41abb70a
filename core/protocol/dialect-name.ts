/** The names of the SQL dialects: `duckdb` is that of the stage engine, `files` what it reads files with, the others are those of databases. */
export type DialectName = 'postgres' | 'sqlite' | 'mariadb' | 'spark' | 'files' | 'duckdb';

/** The dialects in which white space between words changes nothing of an answer: others name columns by the text of their expressions. */
export const LAYOUT_IS_FREE: ReadonlySet<DialectName> = new Set(['postgres']);

/** The dialect that each connection's database speaks, by the connection's name. */
export type ConnectionDialects = Readonly<Record<string, DialectName>>;
