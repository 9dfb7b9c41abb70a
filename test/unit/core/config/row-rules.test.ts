import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stageProblems } from '../../../../cli/policy-stages.ts';
import { readPolicy } from '../../../../core/config/policy.ts';

describe('rules for rows in the policy file', () => {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-rows-'));
  const path = join(dir, 'policy.json');
  after(() => rmSync(dir, { recursive: true }));

  async function problemsOf(role: object): Promise<readonly string[]> {
    writeFileSync(path, JSON.stringify({ roles: { analyst: { connections: ['lake', 'crm'], ...role } } }));
    const read = readPolicy(path, { crm: null, lake: ['sales', 'people'] });
    if ('errors' in read) return read.errors.map((each) => each.replace(`${path}: `, ''));
    return (await stageProblems(read.policy)).map((each) => each.replace('access.policyFile: ', ''));
  }

  it('are read', async () => {
    const tables = {
      lake: { Sales: { rows: "region = 'EU'", masks: { email: 'null' }, hidden: ['ssn'] }, people: {} },
    };
    expect(
      await problemsOf({ sql: ['lake'], tables, models: { m: { rows: 'a > 1' }, n: {} } }),
    ).to.deep.equal([]);
    const read = readPolicy(path, null);
    expect('policy' in read && read.policy.roles.analyst!.shown).to.deep.equal({
      sql: ['lake'],
      tables: {
        lake: {
          sales: [{ role: 'analyst', rows: "region = 'EU'", masks: { email: 'null' }, hidden: ['ssn'] }],
          people: [],
        },
      },
      models: { m: [{ role: 'analyst', rows: 'a > 1', masks: {}, hidden: [] }], n: [] },
    });
  });

  for (const [what, role, problem] of [
    [
      'a table that is not there',
      { tables: { lake: { sale: {} } } },
      /tables\.lake: there is no table .*"sale"; did you mean sales/,
    ],
    [
      'a connection that the role does not have',
      { connections: ['crm'], tables: { lake: { sales: {} } } },
      /does not have this connection/,
    ],
    [
      'a table of a database',
      { tables: { crm: { orders: { rows: 'a = 1' } } } },
      /only tables of files have rules here/,
    ],
    [
      'a member with a typo',
      { tables: { lake: { sales: { row: 'a = 1' } } } },
      /sales\.row: there is no such option; did you mean rows/,
    ],
    ['a condition that is none', { tables: { lake: { sales: { rows: '' } } } }, /rows: must be a condition/],
    [
      'a column that is masked and hidden',
      { tables: { lake: { sales: { masks: { a: 'null' }, hidden: ['A'] } } } },
      /hidden as well/,
    ],
    ['a table twice', { tables: { lake: { sales: {}, SALES: {} } } }, /stands there twice/],
    [
      'SQL for a connection that the role does not have',
      { sql: ['lak'] },
      /sql: there is no connection of the role "lak"; did you mean lake/,
    ],
    [
      'a rule for a model that the role could read past',
      { models: { m: { rows: 'a = 1' } } },
      /would read past this rule/,
    ],
    [
      'the same with all connections named',
      { sql: ['crm', 'lake'], models: { m: { rows: 'a = 1' } } },
      /would read past/,
    ],
    [
      'an expression that does not parse',
      { tables: { lake: { sales: { rows: 'a = = 1' } } } },
      /sales\.rows: .* at character 5/,
    ],
    ['more than an expression', { tables: { lake: { sales: { rows: 'a = 1 | head 1' } } } }, /left over/],
    [
      'a function that is not there',
      { tables: { lake: { sales: { masks: { a: 'hide(a)' } } } } },
      /no function `hide`/,
    ],
    ['a parameter', { sql: [], models: { m: { rows: 'a = :b' } } }, /has no parameters/],
    ['a subquery', { tables: { lake: { sales: { rows: 'a in (select 1)' } } } }, /rows: /],
  ] as const)
    it(`refuse ${what}`, async () => {
      const problems = await problemsOf(role);
      expect(problems.join('\n')).to.match(problem);
    });
});
