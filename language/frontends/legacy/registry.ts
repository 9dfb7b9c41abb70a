/** Every command of the legacy language that this server has, and what to use instead of the others. */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import { didYouMean, suggest } from '../../../core/protocol/suggest.ts';
import { TYPECAST } from './casting.ts';
import * as cells from './cells.ts';
import * as choosing from './choosing.ts';
import type { AnyCommand } from './command.ts';
import * as grouping from './grouping.ts';
import * as joining from './joining.ts';
import { MKDATA_FORM } from './making.ts';
import * as measuring from './measuring.ts';
import { SPATH } from './spath.ts';
import * as statistics from './statistics.ts';
import * as texts from './texts.ts';
import * as timelines from './timelines.ts';
import * as times from './times.ts';
import * as uniting from './uniting.ts';
import * as values from './values.ts';

const { WHERE, SEARCH, FIELDS, RENAME, DISTINCT, COUNT, VALUE_COUNTS, SORT, TOP, HEAD, NUMBERING, SAMPLING } =
  choosing;
const { CASE, CONCAT, SUBSTR, REPLACE, LENGTH, ABS, CEIL, FLOOR, CALCULATE } = values;

const COMMANDS: readonly AnyCommand[] = [
  WHERE,
  SEARCH,
  FIELDS,
  RENAME,
  DISTINCT,
  COUNT,
  VALUE_COUNTS,
  SORT,
  TOP,
  HEAD,
  NUMBERING,
  SAMPLING,
  TYPECAST,
  CASE,
  CONCAT,
  SUBSTR,
  REPLACE,
  LENGTH,
  ABS,
  CEIL,
  FLOOR,
  CALCULATE,
  cells.ROUND,
  cells.SPLIT,
  cells.EXPLODE,
  cells.FILLNA,
  cells.UNPIVOT,
  cells.YSORT,
  grouping.STATS,
  grouping.PIVOT,
  grouping.ADV,
  joining.JOIN,
  joining.MERGE,
  joining.JOIN_DB,
  joining.JOIN_MKDATA,
  joining.JOIN_MODEL,
  uniting.UNION,
  uniting.SQL,
  measuring.MODEL,
  measuring.LAG,
  measuring.LEAD,
  measuring.SUMMARY,
  measuring.MODEL_STATS,
  measuring.MODEL_STATSDETAILS,
  statistics.CORR,
  statistics.SCALER,
  statistics.INDEXER,
  statistics.OUTLIER,
  statistics.EVAL,
  texts.REGEX,
  SPATH,
  texts.REPLACEWORDS,
  texts.TOKENIZER,
  texts.POSTAGGER,
  times.TIME2SEC,
  times.TIMEDIFF,
  times.WEEKDATES,
  times.WEEKNUMBER,
  times.WEEKEND,
  timelines.TIMELINE,
  timelines.MODEL_TIMELINE,
  timelines.INTERPOLATION,
];

const byName = new Map(COMMANDS.flatMap((command) => command.names.map((name) => [name, command] as const)));

const MAPS =
  "compute it in the SQL of a database with geometry (PostGIS), and read the result: `db sql='select ...'`";
const LEARNING = 'fit and apply models outside, and read their results from a table';
const FILES = 'this server reads neither files nor the network: load the file into a table and read it';

/** Commands that are missing here, each with what to use instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  geoconverter: MAPS,
  geoflip: MAPS,
  georelation: MAPS,
  geometric: MAPS,
  geostats: MAPS,
  geoip: MAPS,
  geocode: MAPS,
  geomap: MAPS,
  anomalies: 'use `outlier c by=g alg=mad`',
  forecasts: LEARNING,
  kmeans: LEARNING,
  fit: LEARNING,
  fit_predict: LEARNING,
  predict: LEARNING,
  mlmodel: LEARNING,
  file: FILES,
  join_file: FILES,
  hdfs: FILES,
  objectstorage: FILES,
  iris: 'make it a connection and read it with `db`',
  curl: FILES,
  bimatrix: 'this server only reads: load the answer where it belongs',
  metatron: 'this server only reads: load the answer where it belongs',
  serving: LEARNING,
  img2tsv: FILES,
  splitter: FILES,
  checkpoint: 'send the query again: its plan is cached',
  job: 'use GET and DELETE /v1/queries/{id}',
  pylambda: 'compute it with `calculate`, `case` or `sql`',
};

const COMMAND_NAMES: readonly string[] = [...byName.keys(), 'db', 'mkdata', 'modeldata'].sort();

export interface CommandDocs {
  readonly name: string;
  readonly form: string;
  readonly summary: string;
}

const SOURCES: readonly CommandDocs[] = [
  { name: 'db', form: "db connector_name='c' sql='select ...'", summary: 'The rows of SQL of a connection.' },
  {
    name: 'mkdata',
    form: MKDATA_FORM,
    summary: 'Rows that stand in the query.',
  },
  {
    name: 'modeldata',
    form: 'modeldata [[a, b], [0, 1], ...]',
    summary: 'Rows that stand in the query, the names first.',
  },
];

/** Every command with its syntax, by name. */
export const COMMAND_DOCS: readonly CommandDocs[] = [
  ...COMMANDS.flatMap(({ names, form, summary }) => names.map((name) => ({ name, form, summary }))),
  ...SOURCES,
].sort((one, other) => (one.name < other.name ? -1 : 1));

/** The syntax of a command, also of one that begins a query. */
export function formOf(name: string): string {
  return COMMAND_DOCS.find((docs) => docs.name === name)?.form ?? name;
}

export function findCommand(name: string): AnyCommand | null {
  return byName.get(name) ?? null;
}

export function commandOf(name: string): AnyCommand {
  const found = byName.get(name);
  if (found === undefined) throw new Error(`no command is called ${name}`);
  return found;
}

/** Says what to use instead of a command that is not here; null: the language has no such command. */
export function insteadOf(name: string, span: Span): QueryError | null {
  const hint = INSTEAD[name];
  return hint === undefined
    ? null
    : new QueryError('unsupported', `\`${name}\` of the legacy language is not here`, { span, hint });
}

export function unknownCommand(name: string, span: Span): QueryError {
  const suggestions = suggest(name, COMMAND_NAMES);
  return new QueryError('unknown-stage', `the legacy language has no command \`${name}\``, {
    span,
    hint: didYouMean(suggestions) ?? 'for a condition write `where CONDITION`',
    suggestions,
  });
}
