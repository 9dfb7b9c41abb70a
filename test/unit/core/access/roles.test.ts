import { expect } from 'chai';
import { createRoleBook } from '../../../../core/access/roles.ts';
import { ALL_RIGHTS, NO_RIGHTS, type Policy, type Rights } from '../../../../core/protocol/rights.ts';

const role = (over: Partial<Rights>): Rights => ({ ...NO_RIGHTS, stages: null, ...over });

const POLICY: Policy = {
  roles: {
    sales: role({
      ask: true,
      connections: ['crm'],
      stages: ['where'],
      limits: { timeoutMs: 10, resultRows: 5 },
    }),
    flights: role({ ask: true, connections: ['air'], stages: ['sort'], limits: { timeoutMs: 20 } }),
    operator: role({ logs: true, metrics: true, processes: true, queries: 'all', stages: [] }),
    everything: role({ ask: true, connections: null, stages: null }),
  },
  views: {},
  defaultRoles: [],
  certificates: {},
  socketRoles: null,
};

describe('roles', () => {
  it('are not asked for without a policy', () => {
    expect(createRoleBook(null)(['whatever'])).to.deep.equal({ rights: ALL_RIGHTS, roles: [], scope: 'all' });
  });

  it('give together what any of them gives, and the larger of limits that all have', () => {
    const { rights } = createRoleBook(POLICY)(['sales', 'flights', 'operator']);
    expect(rights).to.deep.include({ ask: true, connections: ['air', 'crm'], stages: ['sort', 'where'] });
    expect(rights).to.deep.include({ queries: 'all', logs: true, limits: {} });
    expect(createRoleBook(POLICY)(['sales', 'flights']).rights.limits).to.deep.equal({ timeoutMs: 20 });
    expect(createRoleBook(POLICY)(['sales', 'everything']).rights.connections).to.equal(null);
  });

  it('that the policy does not know give nothing, nor do names of members of objects', () => {
    for (const roles of [[], ['admin'], ['constructor', '__proto__', 'toString']])
      expect(createRoleBook(POLICY)(roles).rights, String(roles)).to.deep.equal(NO_RIGHTS);
  });

  it('of everybody are those of whoever has none', () => {
    const book = createRoleBook({ ...POLICY, defaultRoles: ['sales'] });
    expect(book([]).rights.connections).to.deep.equal(['crm']);
    expect(book(['flights']).rights.connections).to.deep.equal(['air']);
  });

  it('are known to whoever chooses a login, and are part of the scope, since their logins may see other rows', () => {
    const same = { ...POLICY, roles: { ...POLICY.roles, twin: POLICY.roles.sales! } };
    const book = createRoleBook(same);
    expect(book(['twin', 'unknown', 'operator']).roles).to.deep.equal(['operator', 'twin']);
    expect(book(['sales']).rights).to.deep.equal(book(['twin']).rights);
    expect(book(['sales']).scope).to.not.equal(book(['twin']).scope);
  });

  it('that see the same share plans, others do not', () => {
    const book = createRoleBook(POLICY);
    expect(book(['sales']).scope).to.equal(book(['sales', 'unknown']).scope);
    const scopes = [['sales'], ['flights'], ['sales', 'flights'], ['operator'], ['everything']].map(
      (roles) => book(roles).scope,
    );
    expect(new Set(scopes).size).to.equal(scopes.length);
    for (const scope of scopes) expect(scope).to.match(/^[\w-]+$/);
  });
});
