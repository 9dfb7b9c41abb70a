/**
 * docs/reference.md out of the definitions of stages and functions: every example is run, and its answer stands under it.
 * `npm run docs` writes the file; a test compares it with what this gives. What differs from run to run (`sample` without
 * a seed) is run, and not shown.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { typeName } from '../../core/protocol/types.ts';
import type { FunctionDefinition } from '../../language/functions/kit/function.ts';
import { FAMILIES } from '../../language/functions/registry.ts';
import type { AnyStage, StageExample } from '../../language/stages/kit/stage.ts';
import { STAGES } from '../../language/stages/kit/stage-files.ts';
import { planAsking, runPlan } from '../unit/language/run-plan.ts';

const SOURCE = 'select * from flights';
/** Stages that end the order of rows: what comes out is shown sorted, until one of those that set an order. */
const UNORDERED = new Set(['stats', 'pivot', 'join', 'union']);
const ORDERING = new Set('sort top rare timechart streamstats filldown describe summary'.split(' '));

const HEAD = `# Reference: stages and functions

Made from the definitions in \`language/\` by \`npm run docs\`: do not edit. What the words of the language mean together stands in
[language.md](language.md). Every example below was run; its answer stands under it, on these rows of \`flights\`:
`;

export async function renderReference(duck: DuckDBConnection): Promise<string> {
  const parts = [HEAD, await answerTable(duck, SOURCE, ''), index()];
  parts.push('## Stages\n');
  for (const stage of byName(STAGES)) parts.push(await stageSection(duck, stage));
  parts.push(
    "## Functions\n\nThe value of each example is shown as JSON. Aggregates and window functions run over `x` = 1, 2, 3, 4 and `s` = 'a', 'b', 'b', null.\n",
  );
  for (const [family, definitions] of Object.entries(FAMILIES))
    parts.push(functionTable(family, definitions));
  return `${parts.join('\n').trimEnd()}\n`;
}

function byName(stages: readonly AnyStage[]): readonly AnyStage[] {
  return [...stages].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function index(): string {
  const link = (name: string): string => `[${name}](#${name})`;
  const families = Object.keys(FAMILIES).map(link).join(', ');
  return `Stages: ${byName(STAGES)
    .map(({ name }) => link(name))
    .join(', ')}.\nFunctions: ${families}.\n`;
}

async function stageSection(duck: DuckDBConnection, stage: AnyStage): Promise<string> {
  const { name, aliases, docs } = stage;
  const parts = [`### ${name}\n`];
  if (aliases.length > 0) parts.push(`Also called ${aliases.map((alias) => `\`${alias}\``).join(', ')}.\n`);
  parts.push(
    `\`\`\`\n${docs.syntax}\n\`\`\`\n`,
    docs.summary,
    ...(docs.notes === undefined ? [] : [`\n${docs.notes}`]),
    '',
  );
  for (const example of docs.examples) parts.push(await exampleText(duck, stage, example));
  return parts.join('\n');
}

async function exampleText(
  duck: DuckDBConnection,
  stage: AnyStage,
  { text, summary }: StageExample,
): Promise<string> {
  const query = `${SOURCE} | ${text}`;
  const answer = await answerTable(duck, query, text);
  return `\`${text}\`: ${summary}.\n${await placementOf(duck, query, stage.name)}\n\n${answer}`;
}

/** Says where this stage of the example may run. */
async function placementOf(duck: DuckDBConnection, query: string, name: string): Promise<string> {
  const { stages } = await planAsking(duck, query, {}, { pushdown: 'auto' });
  const own = stages.findLast((stage) => stage.name === name)!;
  return `*Runs in the ${own.where === 'source' ? 'database' : 'worker'}: ${own.why}.*`;
}

async function answerTable(duck: DuckDBConnection, query: string, text: string): Promise<string> {
  const plan = await planAsking(duck, query, {}, { throughWorker: true });
  const { rows } = await runPlan(duck, plan);
  const columns = plan.columns!.map(({ name, type }) => `${name} *${typeName(type)}*`);
  if (/^sample\b(?!.*seed)/.test(text)) return `${rows.length} rows, others each time.\n`;
  const shown = rows.map((row) => row.map(cell));
  const decisive = plan.stages.findLast(({ name }) => UNORDERED.has(name) || ORDERING.has(name));
  if (UNORDERED.has(decisive?.name ?? '')) shown.sort((a, b) => (a.join() < b.join() ? -1 : 1));
  return `${tableRow(columns)}\n${tableRow(columns.map(() => '---'))}\n${shown.map((row) => `${tableRow(row)}\n`).join('')}`;
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function cell(value: unknown): string {
  if (value === null) return '*null*';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return inTable(text === '' ? "''" : text);
}

function inTable(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function functionTable(family: string, definitions: readonly FunctionDefinition[]): string {
  const rows = definitions.map(({ aliases = [], syntax, summary, example: [expression, value] }) => {
    const also = aliases.length === 0 ? '' : ` (${aliases.join(', ')})`;
    const cells = [`\`${syntax}\`${also}`, summary, `\`${expression}\``, `\`${JSON.stringify(value)}\``];
    return tableRow(cells.map(inTable));
  });
  const head = [tableRow(['syntax', 'meaning', 'example', 'gives']), tableRow(['---', '---', '---', '---'])];
  return [`### ${family}\n`, ...head, ...rows, ''].join('\n');
}
