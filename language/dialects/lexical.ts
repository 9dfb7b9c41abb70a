/**
 * Lexical rules of a dialect: all that must be known to see where a user's SQL ends and which `:name` in it are
 * parameters, without understanding it. Every dialect has '' texts whose quote is doubled, `--` and block comments, names of
 * letters, digits, `_` and `$`, and `::` is never the beginning of a parameter; in the rest they differ.
 */
export interface Lexical {
  /** Characters that quote names; each is doubled to stand for itself. */
  readonly nameQuotes: string;
  /** `[name]` is a quoted name, which ends at the next `]`. */
  readonly bracketNames: boolean;
  /** "..." is a text as '...' is, and no name. */
  readonly doubleQuotedTexts: boolean;
  /** A backslash in a text escapes the next character. */
  readonly backslashEscapes: boolean;
  /** E'...' is a text in which a backslash escapes the next character. */
  readonly escapeStrings: boolean;
  /** $tag$...$tag$ is a text. */
  readonly dollarQuotes: boolean;
  /** Block comments nest. */
  readonly nestedComments: boolean;
  /** `#` begins a comment that goes to the end of its line. */
  readonly hashComments: boolean;
  /** `--` begins a comment only where white space, or the end of the text, follows it. */
  readonly dashesNeedSpace: boolean;
  /** Characters of operators: the longest stretch of them is one operator. A lone `|` or `|>` ends the SQL. */
  readonly operatorCharacters: string;
  /** Says whether a colon stands between the bounds of a slice, as in `a[1:n]`. */
  readonly slices: boolean;
  readonly words: SqlWords;
}

/** Words of a dialect, in lower case. */
export interface SqlWords {
  /** The words that a statement that reads may begin with. `select` is the first. */
  readonly reads: readonly string[];
  /** The words of `reads` whose statements cannot stand in a FROM, so that no stage can follow them. */
  readonly alone: readonly string[];
  /** The words that may follow the dialect's own EXPLAIN and begin no query. */
  readonly explainOptions: readonly string[];
  /** The words that begin statements that write or that change the session. */
  readonly writes: readonly string[];
  /** Reserved words that are likely names of columns and tables: as names they are quoted. */
  readonly reserved: readonly string[];
  /** The words that completion suggests in the middle of a statement. */
  readonly suggested: readonly string[];
  /** The words that completion suggests at the beginning of a statement, each with its purpose. */
  readonly heads: readonly (readonly [word: string, purpose: string])[];
}

/** The lexical rules of a dialect in which no source is written. */
export const NO_WORDS: SqlWords = {
  reads: [],
  alone: [],
  explainOptions: [],
  writes: [],
  reserved: [],
  suggested: [],
  heads: [],
};

/** Takes a list of words apart that stands in one text. */
export function words(list: string): readonly string[] {
  return list.split(' ');
}

/** The words in the middle of a statement that completion suggests in every dialect of a database. */
export const USUAL_SUGGESTIONS: SqlWords['suggested'] = [
  ...words('from where join'),
  'left join',
  'on',
  'group by',
  'order by',
  ...words('having limit and or not as distinct'),
  'is null',
  'is not null',
  ...words('in between like case'),
];
