import { expect } from 'chai';
import { createRoleBook } from '../../../../core/access/roles.ts';
import { NO_RIGHTS, type Policy, type Rights } from '../../../../core/protocol/rights.ts';
import type { RowRules } from '../../../../core/protocol/shown-rows.ts';

const rules = (role: string): RowRules => ({ role, rows: `r = '${role}'`, masks: {}, hidden: [] });
const role = (connections: readonly string[] | null, shown: Rights['shown'] = null): Rights => ({
  ...NO_RIGHTS,
  ...{ ask: true, stages: null, connections, shown },
});
const POLICY: Policy = {
  roles: {
    red: role(['lake'], { sql: null, tables: { lake: { sales: [rules('red')] } }, models: {} }),
    blue: role(['lake'], { sql: null, tables: { lake: { sales: [rules('blue')], more: [] } }, models: {} }),
    whole: role(['lake']),
    modelled: role(['lake', 'crm'], { sql: [], tables: {}, models: { m: [rules('modelled')] } }),
    wholeModel: role(['crm'], { sql: [], tables: {}, models: { m: [] } }),
    elsewhere: role(['crm']),
  },
  ...{ views: {}, defaultRoles: [], certificates: {}, socketRoles: null },
};

describe('what roles together show', () => {
  const shownTo = (...held: string[]) => createRoleBook(POLICY)(held).rights.shown;

  it('joins the rules of a table', () => {
    expect(shownTo('red', 'blue')!.tables).to.deep.equal({
      lake: { sales: [rules('blue'), rules('red')], more: [] },
    });
  });

  it('shows all of a table to who has a role that may ask for it without rules', () => {
    expect(shownTo('red', 'whole')!.tables).to.deep.equal({});
    expect(shownTo('whole', 'red')!.tables).to.deep.equal({});
    expect(shownTo('red', 'blue', 'whole')!.tables).to.deep.equal({});
  });

  it('takes no rule away for a role that writes no SQL on the connection', () => {
    expect(shownTo('red', 'modelled')!.tables).to.deep.equal({ lake: { sales: [rules('red')] } });
    expect(shownTo('red', 'elsewhere')!.tables).to.deep.equal({ lake: { sales: [rules('red')] } });
    expect(shownTo('modelled', 'red')!.sql).to.deep.equal(['lake']);
    expect(shownTo('modelled', 'elsewhere')!.sql).to.deep.equal(['crm']);
  });

  it('shows a model by the roles that list it', () => {
    expect(shownTo('modelled', 'whole')!.models).to.deep.equal({ m: [rules('modelled')] });
    expect(shownTo('modelled', 'wholeModel')!.models).to.deep.equal({ m: [] });
  });

  it('makes a scope of its own for other rules of the same roles', () => {
    const changed = structuredClone(POLICY) as {
      roles: Record<string, { shown: { tables: object } }>;
    } & Policy;
    changed.roles.red!.shown.tables = { lake: { sales: [] } };
    const scopeOf = (policy: Policy) => createRoleBook(policy)(['red']).scope;
    expect(scopeOf(changed)).not.to.equal(scopeOf(POLICY));
  });
});
