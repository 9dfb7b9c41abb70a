/** A problem document as people read it in a terminal: what, where (the line and a caret), how to mend it. */
import type { Problem } from './kit/client.ts';

/** No trailing line end. */
export function renderProblem(problem: Problem): string {
  const { code, detail, title, status, position, hint, stage, sqlstate, queryId, retryable } = problem;
  const lines = [`error[${code ?? status}]: ${detail ?? title ?? 'the server gave no reason'}`];
  if (position !== undefined) {
    const where = stage === undefined || stage.index === 0 ? '' : `, stage ${stage.index} (${stage.name})`;
    lines.push(`  at line ${position.line}, column ${position.column}${where}`);
    for (const line of position.excerpt?.split('\n') ?? []) lines.push(`    ${line}`);
  }
  if (problem.model?.excerpt !== undefined) {
    lines.push(`  in the model ${problem.model.name}`);
    for (const line of problem.model.excerpt.split('\n')) lines.push(`    ${line}`);
  }
  if (hint !== undefined) lines.push(`hint: ${hint}`);
  const notes = [
    ...(sqlstate === undefined ? [] : [`SQLSTATE ${sqlstate}`]),
    ...(queryId === undefined ? [] : [`query ${queryId}`]),
    ...(retryable === true ? ['sending it again may help'] : []),
  ];
  if (notes.length > 0) lines.push(`(${notes.join(', ')})`);
  return lines.join('\n');
}
