/**
 * `forkline compile`: what each step of the compiler makes of a query, as JSON, without a server and without a database.
 * What the compiler must know from elsewhere stands in the file of `--describe`; what is missing there is said.
 */
import { readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import type { ConnectionDialects, DialectName } from '../core/protocol/dialect-name.ts';
import { QueryError } from '../core/protocol/errors.ts';
import { ExactNumber, parameterKind, UntypedText } from '../core/protocol/parameters.ts';
import type { Ask, AskAnswer, PlanRequest } from '../core/protocol/plan.ts';
import { SOURCE_NAMES, USUAL_SOURCE } from '../language/dialects/registry.ts';
import { renderError } from '../language/editor/render-error.ts';
import { JUDGES_NOTHING } from '../language/source/judged-functions.ts';
import { describedSource, type PrintedSteps, printedSteps, STEPS, type Step } from '../language/steps.ts';
import { writtenType } from '../language/types/written-type.ts';
import type { CompileOptions } from './arguments.ts';
import { UsageError } from './kit/usage-error.ts';
import type { ParameterValue } from './parameter-argument.ts';

export interface CompileStreams {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** The names and types of columns, as an object. */
type WrittenColumns = Readonly<Record<string, string>>;

/** The content of a file of `--describe`: the answers by the key of the question, and the other connections there are. */
export interface Described {
  readonly connections?: Readonly<Record<string, DialectName>>;
  readonly [key: string]:
    | { readonly columns?: WrittenColumns; readonly values?: readonly unknown[] }
    | Readonly<Record<string, DialectName>>
    | undefined;
}

/** Resolves to the exit code: 1 when the query is wrong or something must be known first. Rejects with UsageError. */
export async function runCompile(options: CompileOptions, streams: CompileStreams): Promise<number> {
  const step = stepNamed(options.step);
  const described = options.describe === null ? {} : await readDescribed(options.describe);
  const text = options.text ?? (await readText(streams.stdin));
  const connection = options.connection ?? 'main';
  const dialects = { [connection]: USUAL_SOURCE.name, ...connectionsOf(described) };
  try {
    const request = requestOf(text, connection, dialects, options.parameters);
    const found = answered(request, described);
    if (found.kind === 'steps') streams.stdout.write(`${JSON.stringify(found.steps[step], null, 2)}\n`);
    else streams.stderr.write(`forkline: the compiler must know first:\n${found.asks.map(wanted).join('')}`);
    return found.kind === 'steps' ? 0 : 1;
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    streams.stderr.write(`${renderError(thrown.toWire(), text).text}\n`);
    return 1;
  }
}

function stepNamed(given: string | null): Step {
  const step = given === null ? STEPS.at(-1) : STEPS.find((known) => known === given);
  if (step !== undefined) return step;
  throw new UsageError(`there is no step "${given}"; there are ${STEPS.join(', ')}`);
}

/** Rejects with UsageError. */
export async function readDescribed(file: string): Promise<Described> {
  try {
    const described: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof described === 'object' && described !== null && !Array.isArray(described))
      return described as Described; // each part is checked where they are used
  } catch (error) {
    throw new UsageError(`--describe ${file} cannot be read: ${(error as Error).message}`);
  }
  throw new UsageError(`--describe ${file} must hold an object: ${EXAMPLE}`);
}

/** Throws UsageError. */
export function connectionsOf({ connections = {} }: Described): ConnectionDialects {
  const wrong = Object.values(connections).find((dialect) => !SOURCE_NAMES.includes(dialect));
  if (wrong === undefined) return connections;
  throw new UsageError(
    `"${wrong}" in "connections" is no kind of database; there are ${SOURCE_NAMES.join(', ')}`,
  );
}

const EXAMPLE = '{"source-0": {"columns": {"name": "string", "price": "decimal(10,2)"}}}';

function requestOf(
  text: string,
  connection: string,
  dialects: ConnectionDialects,
  given: CompileOptions['parameters'],
): PlanRequest {
  const kinds = Object.entries(given).map(([name, value]) => {
    const meant = typeof value === 'string' ? new UntypedText(value) : plainNumbers(value);
    return [name, parameterKind(name, meant)] as const;
  });
  const parameters = Object.fromEntries(kinds);
  return { text, parameters, connection, dialects, pushdown: 'auto', throughWorker: false, answers: {} };
}

/** The value with numbers of many digits as the compiler takes them. */
function plainNumbers(value: ParameterValue): Parameters<typeof parameterKind>[1] {
  const item = (each: Exclude<ParameterValue, readonly unknown[]>) =>
    typeof each === 'object' && each !== null ? new ExactNumber(each.toString()) : each;
  return Array.isArray(value) ? value.map(item) : item(value as Parameters<typeof item>[0]);
}

/** Answers what the compiler asks as far as it is described. */
function answered(request: PlanRequest, described: Described): PrintedSteps {
  const answers: Record<string, AskAnswer> = {};
  for (;;) {
    const made = printedSteps({ ...request, answers }, JUDGES_NOTHING);
    if (made.kind === 'steps') return made;
    const missing = made.asks.filter(({ key }) => !Object.hasOwn(described, key));
    if (missing.length > 0) return { kind: 'ask', asks: missing };
    for (const ask of made.asks) answers[ask.key] = answerOf(ask, request, described);
  }
}

/** Throws UsageError when what stands in the file answers another question. */
export function answerOf(ask: Ask, request: PlanRequest, described: Described): AskAnswer {
  const given = described[ask.key] as { readonly columns?: WrittenColumns; readonly values?: unknown };
  if (ask.kind === 'models') return { kind: 'models', models: [], missing: ask.names };
  if (ask.kind === 'values') {
    if (Array.isArray(given.values)) return { kind: 'values', values: given.values, complete: true };
    throw new UsageError(`"${ask.key}" must list values: {"values": ["a", "b", null]}`);
  }
  if (ask.kind === 'scans') return { kind: 'scans', scans: [] };
  const { columns } = given;
  if (
    typeof columns !== 'object' ||
    columns === null ||
    Object.values(columns).some((type) => typeof type !== 'string')
  )
    throw new UsageError(`"${ask.key}" must have columns with their types: ${EXAMPLE}`);
  const written = Object.entries(columns);
  if (ask.kind === 'engine')
    return { kind: 'engine', columns: written.map(([name, engineType]) => ({ name, engineType })) };
  const typed = written.map(([name, type]) => ({ name, type: typeNamed(type, ask.key) }));
  return describedSource(request, ask.connection, typed);
}

function typeNamed(type: string, key: string) {
  try {
    return writtenType(type);
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    throw new UsageError(`"${key}" has a column of no type: ${thrown.message}; ${thrown.details.hint}`);
  }
}

/** A question as text, with what to write into the file. */
export function wanted(ask: Ask): string {
  switch (ask.kind) {
    case 'source':
      return `  the columns of \`${ask.sql}\`: {"${ask.key}": {"columns": {"NAME": "TYPE"}}}\n`;
    case 'engine':
      return `  the engine's columns of \`${ask.sql}\`: {"${ask.key}": {"columns": {"NAME": "VARCHAR"}}}\n`;
    case 'values':
      return `  the values of a column: {"${ask.key}": {"values": ["VALUE"]}}\n`;
    case 'models':
      return `  models: ${ask.names.join(', ')}\n`;
    case 'scans':
      return `  which files are read: {"${ask.key}": {}}\n`;
    default:
      return ask satisfies never;
  }
}
