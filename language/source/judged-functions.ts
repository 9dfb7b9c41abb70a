/** Carries into the plan the functions that judges have found in the users' SQL of a query. */
import type { AskAnswer, FunctionUse, Judge } from '../../core/protocol/plan.ts';

/** Judges nothing; for code that looks at plans and runs none of them, such as tests of the language. */
export const JUDGES_NOTHING: Judge = () => [];

/**
 * The functions in question in all SQL of the connection's: a statement with stages in it may hold several users' texts,
 * and positions in them are none in the statement.
 */
export function functionsOf(
  connection: string,
  answers: Readonly<Record<string, AskAnswer>>,
): readonly FunctionUse[] {
  return Object.values(answers).flatMap((answer) =>
    answer.kind === 'source' && answer.judged?.connection === connection
      ? answer.judged.functions.map((use) => ({ ...use, position: null }))
      : [],
  );
}
