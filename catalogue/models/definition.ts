/**
 * A model's definition as its author writes it, in a file or over the API. Everything unknown is refused by name, and all
 * mistakes are told at once. Whether its query can be planned is another question, which only a server can answer.
 */
import { closestName } from '../../core/config/closest-name.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import {
  MODEL_LANGUAGES,
  MODEL_PARAMETER_TYPES,
  type ModelColumn,
  type ModelLanguage,
  type ModelParameter,
} from '../../core/protocol/models.ts';
import { durationMs } from './duration.ts';
import { valueProblem } from './parameter-values.ts';
import { readSchedule } from './schedule.ts';

export interface ModelDefinition {
  readonly name: string;
  readonly owner: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly language: ModelLanguage;
  /** The connection of sources that name none; null: that of the query which reads the model. */
  readonly connection: string | null;
  /** The query; null: `table` is read. */
  readonly query: string | null;
  /** A table, `schema.name` or `name`; null: `query` is run. */
  readonly table: string | null;
  readonly parameters: readonly ModelParameter[];
  /** The contract; empty: the columns that the model had when it was saved. */
  readonly columns: readonly ModelColumn[];
  readonly timeColumn: string | null;
  /** How old the newest row may be, such as `1d`; needs `timeColumn`. */
  readonly freshness: string | null;
  /** Whether /openapi.json describes its rows. */
  readonly published: boolean;
  /** How long answers may be kept, such as `10m`, and whether they are kept fresh; null: nothing is said. */
  readonly cache: { readonly keep: string; readonly refresh: string | null } | null;
}

/** The most characters of a name: that of a table in PostgreSQL. */
const MOST_NAME = 63;
/** The most bytes of a model's query, as of a request's. */
const MOST_QUERY_BYTES = 1024 * 1024;
const MOST_ITEMS = 1600;

/** Words that a query may begin with, so that a model of such a name could never be read. */
const RESERVED = [
  ...['select', 'with', 'values', 'table', 'show', 'explain', 'set', 'let', 'insert', 'update', 'delete'],
  ...['merge', 'create', 'alter', 'drop', 'truncate', 'grant', 'revoke', 'copy', 'call', 'do', 'begin'],
  ...['commit', 'rollback', 'from', 'analyze', 'vacuum', 'lock', 'model', 'list'],
];

const NAME = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_ -]*$/u;

/** Returns what is wrong with a model's name; null when nothing is. */
function nameProblem(name: string): string | null {
  if (name.length > MOST_NAME) return `has at most ${MOST_NAME} characters`;
  if (!NAME.test(name) || name !== name.trim() || name !== name.normalize('NFC'))
    return 'has letters, digits, _, - and single blanks inside, and begins with a letter, a digit or _';
  if (RESERVED.includes(name.toLowerCase())) return `cannot be \`${name}\`: queries begin with that word`;
  return null;
}

class Reader {
  readonly problems: string[] = [];
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #where: string;

  constructor(values: unknown, where: string, known: readonly string[]) {
    this.#where = where;
    const isObject = typeof values === 'object' && values !== null && !Array.isArray(values);
    this.#values = isObject ? (values as Record<string, unknown>) : {};
    if (!isObject)
      this.problems.push(`${where === '' ? 'a model' : where} is an object with members such as ${known[0]}`);
    for (const name of Object.keys(this.#values))
      if (!known.includes(name)) {
        const near = closestName(name, known);
        this.problems.push(
          `${this.#at(name)} is no member${near === null ? `; there are ${known.join(', ')}` : `; did you mean ${near}?`}`,
        );
      }
  }

  #at(name: string): string {
    return this.#where === '' ? name : `${this.#where}.${name}`;
  }

  wrong(name: string, what: string): void {
    this.problems.push(`${this.#at(name)} ${what}`);
  }

  value(name: string): unknown {
    const value = this.#values[name];
    return value === null ? undefined : value;
  }

  text(name: string, usual: string, most = 10_000): string {
    const value = this.value(name);
    if (value === undefined) return usual;
    if (typeof value === 'string' && value.length <= most && !value.includes('\0')) return value;
    this.wrong(name, `is a text of at most ${most} characters, without a null character`);
    return usual;
  }

  maybe(name: string, most = 10_000): string | null {
    return this.value(name) === undefined ? null : this.text(name, '', most);
  }

  flag(name: string): boolean {
    const value = this.value(name) ?? false;
    if (typeof value !== 'boolean') this.wrong(name, 'is true or false');
    return value === true;
  }

  choice<T extends string>(name: string, of: readonly T[], usual?: T): T {
    const value = this.value(name) ?? usual;
    const found = of.find((each) => each === value);
    if (found !== undefined) return found;
    this.wrong(name, `is one of ${of.join(', ')}`);
    return of[0]!;
  }

  list(name: string): readonly unknown[] {
    const value = this.value(name) ?? [];
    if (Array.isArray(value) && value.length <= MOST_ITEMS) return value;
    this.wrong(name, `is a list of at most ${MOST_ITEMS}`);
    return [];
  }
}

const MEMBERS = [
  ...['name', 'owner', 'description', 'tags', 'language', 'connection', 'query', 'table', 'parameters'],
  ...['columns', 'timeColumn', 'freshness', 'published', 'cache'],
];

/** Returns the definition with all its members. Throws bad-model, with every mistake; query-too-large. */
export function readDefinition(given: unknown): ModelDefinition {
  const reader = new Reader(given, '', MEMBERS);
  const name = reader.text('name', '');
  const nameWrong = nameProblem(name);
  if (nameWrong !== null) reader.wrong('name', nameWrong);
  const query = queryOf(reader);
  const table = reader.maybe('table', 200);
  if ((query === null) === (table === null))
    reader.wrong('query', 'or table is needed, and only one of them');
  if (table !== null && !/^[^\s."`;]+(\.[^\s."`;]+)?$/u.test(table))
    reader.wrong('table', 'is `name` or `schema.name`, without quotes');
  const definition: ModelDefinition = {
    name,
    owner: reader.text('owner', '', 200),
    description: reader.text('description', ''),
    tags: readTags(reader),
    language: reader.choice('language', MODEL_LANGUAGES, 'forkline'),
    connection: reader.maybe('connection', 200),
    query,
    table,
    parameters: readParameters(reader),
    columns: readColumns(reader),
    timeColumn: reader.maybe('timeColumn', 200),
    freshness: readDuration(reader, 'freshness'),
    published: reader.flag('published'),
    cache: readCache(reader),
  };
  if (definition.freshness !== null && definition.timeColumn === null)
    reader.wrong('freshness', 'needs timeColumn, by which the newest row is found');
  if (table !== null && definition.parameters.length > 0)
    reader.wrong('parameters', 'are for a query, not for a table');
  if (table !== null && definition.language !== 'forkline')
    reader.wrong('language', 'is for a query, not for a table');
  refuse(name, reader.problems);
  return definition;
}

function refuse(name: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  const shown = name === '' ? 'the model' : `the model \`${name.slice(0, MOST_NAME)}\``;
  throw new QueryError('bad-model', `${shown} cannot be saved: ${problems.join('; ')}`, {
    hint: 'docs/models.md shows every member',
  });
}

function queryOf(reader: Reader): string | null {
  const value = reader.value('query');
  if (value === undefined) return null;
  if (typeof value !== 'string' || value.trim() === '' || value.includes('\0')) {
    reader.wrong('query', 'is the text of a query');
    return '';
  }
  const observed = Buffer.byteLength(value);
  if (observed > MOST_QUERY_BYTES)
    throw new QueryError(
      'query-too-large',
      `the query of a model is at most ${MOST_QUERY_BYTES} bytes long`,
      {
        limit: { name: 'modelBytes', value: MOST_QUERY_BYTES, observed },
        hint: 'put long lists into a table or a parameter, or build the model on others',
      },
    );
  return value.trimEnd();
}

function readTags(reader: Reader): readonly string[] {
  const tags = reader.list('tags');
  const good = tags.every(
    (tag) => typeof tag === 'string' && /^[\p{L}\p{N}][\p{L}\p{N}_.:-]{0,62}$/u.test(tag),
  );
  if (!good) reader.wrong('tags', 'are words of letters, digits and _ . : -');
  return good ? [...new Set(tags as string[])].sort() : [];
}

function readDuration(reader: Reader, name: string): string | null {
  const text = reader.maybe(name, 20);
  if (text !== null && durationMs(text) === null) reader.wrong(name, 'is a time such as 10m, 2h or 1d');
  return text;
}

function readCache(outer: Reader): ModelDefinition['cache'] {
  const given = outer.value('cache');
  if (given === undefined) return null;
  const reader = new Reader(given, 'cache', ['keep', 'refresh']);
  const keep = readDuration(reader, 'keep');
  if (keep === null) reader.wrong('keep', 'is needed: how long answers may be kept');
  const refresh = reader.maybe('refresh', 100);
  if (refresh !== null && readSchedule(refresh) === null)
    reader.wrong(
      'refresh',
      'is a time such as 10m, or five fields of cron such as `0 6 * * 1-5`, in UTC or with a time zone',
    );
  outer.problems.push(...reader.problems);
  return { keep: keep ?? '', refresh };
}

const PARAMETER_MEMBERS = ['name', 'type', 'list', 'default', 'description'];

function readParameters(outer: Reader): readonly ModelParameter[] {
  const names = new Set<string>();
  return outer.list('parameters').map((given, index): ModelParameter => {
    const reader = new Reader(given, `parameters[${index}]`, PARAMETER_MEMBERS);
    const name = reader.text('name', '', MOST_NAME);
    if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)) reader.wrong('name', 'is a word of letters, digits and _');
    if (names.has(name)) reader.wrong('name', `: \`${name}\` is there twice`);
    names.add(name);
    const type = reader.choice('type', MODEL_PARAMETER_TYPES);
    const list = reader.flag('list');
    const description = reader.maybe('description');
    const parameter = { name, type, ...(list && { list }), ...(description !== null && { description }) };
    const value = (given as Record<string, unknown> | null)?.default;
    if (value === undefined) {
      outer.problems.push(...reader.problems);
      return parameter;
    }
    const problem = valueProblem(parameter, value);
    if (problem !== null) reader.wrong('default', problem);
    outer.problems.push(...reader.problems);
    return { ...parameter, default: value as NonNullable<ModelParameter['default']> };
  });
}

function readColumns(outer: Reader): readonly ModelColumn[] {
  const names = new Set<string>();
  return outer.list('columns').map((given, index): ModelColumn => {
    const reader = new Reader(given, `columns[${index}]`, ['name', 'type', 'description']);
    const name = reader.text('name', '', 200);
    if (name === '') reader.wrong('name', 'is needed');
    if (names.has(name)) reader.wrong('name', `: \`${name}\` is there twice`);
    names.add(name);
    const type = reader.text('type', '', 100);
    if (!COLUMN_TYPE.test(type))
      reader.wrong('type', 'is a type as answers name it, such as string, int64 or decimal(10,2)');
    const description = reader.maybe('description');
    outer.problems.push(...reader.problems);
    return { name, type, ...(description !== null && { description }) };
  });
}

const SCALAR =
  '(?:bool|int64|float64|string|bytes|date|time|timestamp|timestamptz|interval|json|uuid|decimal|decimal\\(\\d+,\\d+\\))';
const COLUMN_TYPE = new RegExp(`^(?:${SCALAR}|list<${SCALAR}>|list<list<${SCALAR}>>)$`);

/** Returns the members that say something, as files have them: defaults are left out. */
export function writtenDefinition(definition: ModelDefinition): Readonly<Record<string, unknown>> {
  const usual: Readonly<Record<string, unknown>> = { language: 'forkline', published: false };
  return Object.fromEntries(
    MEMBERS.map((name) => [name, definition[name as keyof ModelDefinition]] as const).filter(
      ([name, value]) =>
        value !== null &&
        value !== '' &&
        value !== usual[name] &&
        !(Array.isArray(value) && value.length === 0),
    ),
  );
}

/** Returns the text that the model stands for; `quote` quotes a name as the connection's database does. */
export function modelText({ query, table }: ModelDefinition, quote: (name: string) => string): string {
  return query ?? `select * from ${table!.split('.').map(quote).join('.')}`;
}
