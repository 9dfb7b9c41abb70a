/** Writes and finds the bound values in the SQL that users write. */
export interface Binding {
  /** Writes the place of a bound value; the first has the number 1. */
  placeholder(number: number): string;
  /** Returns the number of the bound value whose place begins at `at`; null when none does. */
  numberAt(sql: string, at: number): number | null;
  /** Stands for `in (`, or `not in (`, before a bound list; the user's own bracket closes it. */
  memberOf(negated: boolean): string;
}

const DOLLAR_NUMBER = /\$(\d+)/y;

/** `$1`, `$2`, ... and membership in a list with `any` and `all`. */
export const DOLLAR_BINDING: Binding = {
  placeholder: (number) => `$${number}`,
  numberAt(sql, at) {
    DOLLAR_NUMBER.lastIndex = at;
    const found = DOLLAR_NUMBER.exec(sql);
    return found === null ? null : Number(found[1]);
  },
  memberOf: (negated) => (negated ? '<> all (' : '= any ('),
};
