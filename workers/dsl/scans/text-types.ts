/**
 * The types of columns of text files. Fields are read as texts and cast by rules that round nothing and guess nothing: a field
 * that is not written as its type is an error. Where the configuration names no type, the first rows decide.
 */
import { QueryError } from '../../../core/protocol/errors.ts';
import { type Column, type ColumnType, typeName } from '../../../core/protocol/types.ts';
import { raiseErrorAbout } from '../../../language/dialects/duckdb/raise.ts';
import { duckdbType, quoteName, quoteText } from '../../../language/dialects/duckdb/sql.ts';

const DATE = String.raw`\d{4}-\d{2}-\d{2}`;
const TIME = String.raw`\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?`;
const ZONE = String.raw`(Z|[+-]\d{2}(:?\d{2})?)`;

/** The form of the values of each type, as a regular expression for the whole field. */
const WRITTEN: Readonly<Partial<Record<ColumnType['kind'], string>>> = {
  bool: '(?i)(true|false)',
  int64: String.raw`[+-]?\d{1,19}`,
  float64: String.raw`[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|(?i)[+-]?(inf|infinity)|nan`,
  date: DATE,
  time: TIME,
  timestamp: `${DATE}([ T]${TIME})?`,
  timestamptz: `${DATE}[ T]${TIME}${ZONE}`,
  uuid: '(?i)[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}',
};

/** The types that first rows may show, the narrowest first: a number with leading zeros is a text, and so is nearly everything. */
const SHOWN: readonly (readonly [ColumnType, string])[] = [
  [{ kind: 'bool' }, '(?i)(true|false)'],
  [{ kind: 'int64' }, String.raw`-?(0|[1-9]\d{0,17})`],
  [{ kind: 'float64' }, String.raw`-?(0|[1-9]\d{0,14})(\.\d{1,15})?([eE][+-]?\d{1,2})?`],
  [{ kind: 'date' }, DATE],
  [{ kind: 'timestamp' }, `${DATE}[ T]${TIME}`],
  [{ kind: 'timestamptz' }, `${DATE}[ T]${TIME}${ZONE}`],
];

/** Returns a SELECT that gives for each of the columns the place of its type in `shownType`, from the rows of `sample`. */
export function shownTypesSql(columns: readonly string[], sample: string): string {
  const items = columns.map((name) => {
    const text = quoteName(name);
    const tests = SHOWN.map(([type, pattern], index) => {
      const fits = `regexp_full_match(${text}, ${quoteText(pattern)}) AND TRY_CAST(${text} AS ${duckdbType(type)}) IS NOT NULL`;
      return `WHEN bool_and(${fits}) FILTER (WHERE ${text} IS NOT NULL) THEN ${index}`;
    });
    return `CASE WHEN count(${text}) = 0 THEN -1 ${tests.join(' ')} ELSE -1 END`;
  });
  return `SELECT ${items.join(', ')} FROM (${sample})`;
}

/** Returns the type at a place that `shownTypesSql` has given. */
export function shownType(place: number): ColumnType {
  return SHOWN[place]?.[0] ?? { kind: 'string' };
}

const DECIMAL = /^decimal\((\d+),(\d+)\)$/;

/** Returns the type that the configuration names. */
export function declaredType(name: string): ColumnType {
  const size = DECIMAL.exec(name);
  if (size !== null) return { kind: 'decimal', precision: Number(size[1]), scale: Number(size[2]) };
  return { kind: name as 'string' }; // the configuration was validated
}

/** Returns what the engine makes of a field; null where it makes nothing of it. It is more than what the rules allow. */
export function castOfText({ name, type }: Column): string {
  return `TRY_CAST(${quoteName(name)} AS ${duckdbType(type)})`;
}

/** Says whether a field has a cast that is tested by rules. */
export function isCastByRules({ type }: Column): boolean {
  return type.kind === 'decimal' || WRITTEN[type.kind] !== undefined;
}

/**
 * Returns the value of a field of this type. A text that is not written so is the error of `badText`. `cast`: SQL of what the
 * engine makes of the text.
 */
export function valueOfText(column: Column, cast = castOfText(column)): string {
  const { name, type } = column;
  const text = quoteName(name);
  if (type.kind === 'string') return text;
  if (!isCastByRules(column)) return `CAST(${text} AS ${type.kind === 'json' ? 'JSON' : duckdbType(type)})`;
  const hint = `mend the file, or declare another type in the configuration: "columns": {${JSON.stringify(name)}: "string"}`;
  const shown = `concat(${quoteText(`${HOLDS}${name} holds `)}, to_json(left(${text}, 100)), ${quoteText(`, which is no ${typeName(type)}`)})`;
  const asWritten = asWrittenSql(column, cast);
  const branches = [
    ...(asWritten === null ? [] : [`WHEN ${asWritten} THEN ${cast}`]),
    `WHEN ${text} IS NULL THEN NULL`,
    `WHEN ${isWrittenSql(column)} AND ${cast} IS NOT NULL THEN ${cast}`,
  ];
  return `CASE ${branches.join(' ')} ELSE ${raiseErrorAbout({ code: 'bad-file', hint }, shown)} END`;
}

/**
 * Returns SQL that is true for texts which the engine writes the same from their value: such a text is written as the rules
 * want it, and no pattern needs to be tried, which takes most of the time. null: values of the type are written otherwise.
 */
function asWrittenSql({ name, type }: Column, cast: string): string | null {
  const isSame = `CAST(${cast} AS VARCHAR) = ${quoteName(name)}`;
  switch (type.kind) {
    case 'bool':
    case 'int64':
    case 'decimal':
    case 'time':
    case 'uuid':
      return isSame;
    // Before the year 1 and after 9999, and for infinity, the engine writes what the rules do not know.
    case 'date':
      return `${cast} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' AND ${isSame}`;
    case 'timestamp':
      return `${cast} BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' AND ${isSame}`;
    default:
      return null;
  }
}

const HOLDS = 'the column ';

/** Says whether an error is about a text that is not of its column's type: where it stands is to be found yet. */
export function isBadText({ code, message }: QueryError): boolean {
  return code === 'bad-file' && message.startsWith(HOLDS);
}

/** Returns SQL that is true for rows in which a field is not written as its type; null: there is none such. */
export function badRowSql(columns: readonly Column[]): string | null {
  const tests = columns
    .filter(isCastByRules)
    .map(
      (column) =>
        `(${quoteName(column.name)} IS NOT NULL AND NOT (${isWrittenSql(column)} AND ${castOfText(column)} IS NOT NULL))`,
    );
  return tests.length === 0 ? null : tests.join(' OR ');
}

/** Returns SQL that is true for texts that are written as values of this type. */
function isWrittenSql({ name, type }: Column): string {
  const text = quoteName(name);
  if (type.kind !== 'decimal') return `regexp_full_match(${text}, ${quoteText(WRITTEN[type.kind]!)})`;
  const { precision, scale } = type;
  const whole = precision! - scale!;
  const fraction = scale === 0 ? String.raw`(\.0*)?` : String.raw`(\.\d{0,${scale}}0*)?`;
  return `regexp_full_match(${text}, ${quoteText(String.raw`[+-]?0*\d{0,${whole}}${fraction}`)}) AND ${text} <> ''`;
}

/** Throws `bad-file` for the first name that stands twice. */
export function refuseTwice(names: readonly string[], file: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    const key = name.toLowerCase();
    if (seen.has(key))
      throw new QueryError('bad-file', `${file} has two columns named ${name}`, {
        hint: 'name them differently in its first line',
      });
    seen.add(key);
  }
}
