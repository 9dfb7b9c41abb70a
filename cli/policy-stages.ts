/** Checks what a policy says in our language: names of stages, and expressions. The configuration itself knows no language. */
import { unknownNames } from '../core/config/members.ts';
import type { Policy, Rights } from '../core/protocol/rights.ts';

const FILE = 'access.policyFile';

/** Loads the language only when a role names stages or has rules. */
export async function stageProblems({ roles }: Policy): Promise<readonly string[]> {
  const rules = Object.entries(roles).flatMap(([role, rights]) => expressionsOf(role, rights));
  return [...(await unknownStages(roles)), ...(await wrongExpressions(rules))];
}

async function unknownStages(roles: Policy['roles']): Promise<readonly string[]> {
  const lists = Object.entries(roles).flatMap(([role, { stages }]) =>
    stages === null ? [] : [{ role, stages }],
  );
  if (lists.length === 0) return [];
  const { STAGES } = await import('../language/stages/kit/stage-files.ts');
  const names = STAGES.map(({ name }) => name);
  return lists.flatMap(({ role, stages }) =>
    unknownNames(`${FILE}: roles.${role}.stages`, stages, names, 'stage'),
  );
}

interface Expression {
  readonly path: string;
  readonly text: string;
}

function expressionsOf(role: string, { shown }: Rights): readonly Expression[] {
  if (shown === null) return [];
  const path = `${FILE}: roles.${role}`;
  const tables = [
    ...Object.entries(shown.tables).map(
      ([connection, each]) => [`${path}.tables.${connection}`, each] as const,
    ),
    [`${path}.models`, shown.models] as const,
  ];
  return tables.flatMap(([at, rules]) =>
    Object.entries(rules).flatMap(([name, all]) =>
      all.flatMap(({ rows, masks }) => [
        ...(rows === null ? [] : [{ path: `${at}.${name}.rows`, text: rows }]),
        ...Object.entries(masks).map(([column, text]) => ({ path: `${at}.${name}.masks.${column}`, text })),
      ]),
    ),
  );
}

async function wrongExpressions(expressions: readonly Expression[]): Promise<readonly string[]> {
  if (expressions.length === 0) return [];
  const { ruleProblem } = await import('../language/stages/kit/rule-text.ts');
  return expressions.flatMap(({ path, text }) => {
    const problem = ruleProblem(text);
    return problem === null ? [] : [`${path}: ${problem}`];
  });
}
