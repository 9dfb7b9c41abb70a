import type { ParameterKind } from '../../core/protocol/parameters.ts';

/** Writes and finds the bound values in the SQL that users write. */
export interface Binding {
  /** Writes the place of a bound value; the first has the number 1. */
  placeholder(number: number): string;
  /** Gives the place of a bound value the type that it has by its kind; left out: the database infers types. */
  typed?(placeholder: string, name: string, kind: ParameterKind): string;
  /** Returns the bound value whose text begins at `at`, and where its placeholder stands in it; null when none does. */
  placeAt(sql: string, at: number): { readonly number: number; readonly start: number } | null;
  /** Stands for `in (`, or `not in (`, before a bound list; the user's own bracket closes it. */
  memberOf(negated: boolean): string;
}

const DOLLAR_NUMBER = /((?:CAST\()?(?:from_json\()?)\$(\d+)/y;

/** `$1`, `$2`, ..., with or without a cast around, and membership in a list with `any` and `all`. */
export const DOLLAR_BINDING: Binding = {
  placeholder: (number) => `$${number}`,
  placeAt(sql, at) {
    DOLLAR_NUMBER.lastIndex = at;
    const found = DOLLAR_NUMBER.exec(sql);
    return found === null ? null : { number: Number(found[2]), start: at + found[1]!.length };
  },
  memberOf: (negated) => (negated ? '<> all (' : '= any ('),
};
