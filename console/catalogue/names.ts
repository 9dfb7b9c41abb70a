/** Names as they are written in a query. */
import type { Table } from '../api/catalogue-types.ts';

const PLAIN = /^[a-z_][a-z0-9_]*$/;
/** Words that no database reads as the name of a table unless they are quoted. */
const RESERVED = new Set(
  `all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create current_date
   current_role current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for
   foreign from full grant group groups having in index initially inner intersect into is join key lateral leading left like limit
   localtime natural not null offset on only or order outer placing primary range rank references returning right rows select
   session_user some symmetric table then to trailing true union unique user using values variadic when where window with`.split(
    /\s+/,
  ),
);

/** Returns the table's name for the SQL of a dialect, with its schema where it is not found without. */
export function tableName({ schema, name, visible }: Table, dialect: string): string {
  const quote = dialect === 'mariadb' || dialect === 'spark' ? '`' : '"';
  const written = (one: string) =>
    PLAIN.test(one) && !RESERVED.has(one) ? one : quote + one.replaceAll(quote, quote + quote) + quote;
  return visible || schema === '' ? written(name) : `${written(schema)}.${written(name)}`;
}

/** Returns a model's name for the beginning of a query: one with blanks or signs is quoted. */
export function modelName(name: string): string {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) ? name : `"${name}"`;
}
