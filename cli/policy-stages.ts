/** The stages that a policy names, against those that there are: the configuration itself knows no language. */
import { unknownNames } from '../core/config/policy.ts';
import type { Policy } from '../core/protocol/rights.ts';

/** Loads the language only when a role names stages. */
export async function stageProblems(policy: Policy): Promise<readonly string[]> {
  const lists = Object.entries(policy.roles).flatMap(([role, { stages }]) =>
    stages === null ? [] : [{ role, stages }],
  );
  if (lists.length === 0) return [];
  const { STAGES } = await import('../language/stages/kit/registry.ts');
  const names = STAGES.map(({ name }) => name);
  return lists.flatMap(({ role, stages }) =>
    unknownNames(`access.policyFile: roles.${role}.stages`, stages, names, 'stage'),
  );
}
