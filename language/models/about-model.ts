/** Tells of an error in a model's text: which model, where in its text, and the place in the query that names the model. */
import type { ModelPlace, Span } from '../../core/protocol/errors.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { ModelRegion, PlanModels } from '../../core/protocol/models.ts';

const MOST_EXCERPT = 100;

/** Returns the error with its place in the query's own text; one that is not about a model comes back as it is. */
export function aboutModel(
  thrown: unknown,
  { text, regions }: Pick<PlanModels, 'text' | 'regions'>,
): unknown {
  if (!(thrown instanceof QueryError) || regions.length === 0) return thrown;
  const { code, message, cause } = thrown;
  const { span, stage, ...details } = thrown.details;
  const region = regionOf(thrown.details, regions);
  if (region === null) return thrown;
  const at = span !== undefined && isIn(span, region) ? placeIn(text, span, region) : {};
  const model: ModelPlace = details.model ?? { name: region.name, version: region.version, ...at };
  const inStage =
    stage === undefined || stage.index <= region.stageBase
      ? ''
      : `, stage ${stage.index - region.stageBase} (${stage.name})`;
  const inLine = model.line === undefined ? '' : `, line ${model.line}, column ${model.column}`;
  const told =
    details.model === undefined && code !== 'model-cycle'
      ? `in the model \`${model.name}\`${versionText(model.version)}${inStage}${inLine}: ${message}`
      : message;
  return new QueryError(code, told, { ...details, model, span: nameInQuery(region, regions) }, cause);
}

/** A version, in brackets; 0 is that of a definition which is not saved yet. */
function versionText(version: number): string {
  return version === 0 ? '' : ` (version ${version})`;
}

/** The region that the error is in, by its place, else by its stage. */
function regionOf(
  { span, stage }: QueryError['details'],
  regions: readonly ModelRegion[],
): ModelRegion | null {
  const { start } = regions[0]!;
  if (span !== undefined)
    return span.start < start ? null : regions.findLast((region) => region.start <= span.start)!;
  if (stage === undefined || stage.index <= regions[0]!.stageBase) return null;
  return regions.findLast((region) => region.stageBase < stage.index) ?? null;
}

function isIn({ start }: Span, region: ModelRegion): boolean {
  return start >= region.start && start <= region.end;
}

/** The place of the name by which the query came to the model, through other models where they name it. */
function nameInQuery(region: ModelRegion, regions: readonly ModelRegion[]): Span {
  let at = region;
  for (;;) {
    const { readAt } = at;
    if (readAt.start < regions[0]!.start) return readAt;
    at = regions.findLast((each) => each.start <= readAt.start)!;
  }
}

function placeIn(
  text: string,
  span: Span,
  { start, end }: ModelRegion,
): { readonly line: number; readonly column: number; readonly excerpt: string } {
  const before = text.slice(start, span.start);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  const column = [...before.slice(lineStart)].length + 1;
  const lineEnd = text.indexOf('\n', start + lineStart);
  const whole = text.slice(start + lineStart, lineEnd === -1 || lineEnd > end ? end : lineEnd);
  const from = Math.max(0, column - 1 - MOST_EXCERPT / 2);
  const shown = [...whole].slice(from, from + MOST_EXCERPT).join('');
  return { line, column, excerpt: `${shown}\n${' '.repeat(column - 1 - from)}^` };
}
