import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../../../core/config/config.ts';
import { readPolicy } from '../../../../core/config/policy.ts';

describe('the policy file', () => {
  let dir: string;
  let path: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-policy-'));
    path = join(dir, 'policy.json');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  function read(content: unknown) {
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return readPolicy(path, { crm: null, main: null });
  }
  function errorsOf(content: unknown): readonly string[] {
    const found = read(content);
    return 'errors' in found ? found.errors.map((line) => line.replace(`${path}: `, '')) : [];
  }

  it('gives a role what it says and nothing else', () => {
    const found = read({
      roles: { analyst: { connections: ['crm'], limits: { timeoutMs: 10 } }, operator: { logs: true } },
    });
    expect('policy' in found && found.policy).to.deep.equal({
      roles: {
        analyst: {
          ...{ ask: true, connections: ['crm'], stages: null, shown: null, queries: 'own' },
          ...{
            logs: false,
            metrics: false,
            processes: false,
            administration: false,
            limits: { timeoutMs: 10 },
          },
        },
        operator: {
          ...{ ask: false, connections: [], stages: null, shown: null, queries: 'own' },
          ...{ logs: true, metrics: false, processes: false, administration: false, limits: {} },
        },
      },
      views: {},
      defaultRoles: [],
      certificates: {},
      socketRoles: null,
    });
  });

  it('tells all mistakes at once, each with its place and its mend', () => {
    const role = {
      conections: ['crm'],
      connections: ['cmr'],
      logs: 'yes',
      limits: { rows: 1, timeoutMs: 0 },
    };
    expect(errorsOf({ roles: { analyst: role }, defaultRoles: ['analist'], rolls: 1 })).to.deep.equal([
      'rolls: there is no such option; did you mean roles?',
      'roles.analyst.conections: there is no such option; did you mean connections?',
      'roles.analyst.logs: must be true or false, not "yes". For example: "logs": true',
      'roles.analyst.connections: there is no connection "cmr"; did you mean crm?',
      'roles.analyst.limits.rows: there is no such option; known here: timeoutMs, resultRows, resultBytes, concurrentQueries, queriesPerMinute',
      'roles.analyst.limits.timeoutMs: must be a whole number of 1 or more, not 0. For example: "timeoutMs": 10000',
      'defaultRoles: there is no role "analist"; did you mean analyst?',
    ]);
  });

  const wrong: readonly (readonly [unknown, string])[] = [
    ['{"roles": ', 'not JSON'],
    [[], 'must hold one JSON object'],
    [{}, 'roles: is missing; it must be an object with a role for each name'],
    [{ roles: { analyst: [] } }, 'roles.analyst: must be an object'],
    [{ roles: { 'two words': {} } }, "roles.two words: a role's name has letters"],
    [{ roles: { a: { connections: 'crm' } } }, 'a list of connections, or "*" for all, not "crm"'],
    [{ roles: { a: { queries: 'some' } } }, '"own" or "all", not "some"'],
    [{ roles: { a: { toString: 1 } } }, 'roles.a.toString: there is no such option'],
  ];
  for (const [content, message] of wrong)
    it(`refuses ${JSON.stringify(content)}`, () => expect(errorsOf(content).join('\n')).to.contain(message));

  it('is read with the configuration, and needs somebody who can have roles', async () => {
    writeFileSync(path, JSON.stringify({ roles: { analyst: { connections: ['nowhere'] } } }));
    const env = { FORKLINE_POLICY_FILE: path };
    const alone = await loadConfig({ cwd: dir, env });
    expect('errors' in alone && alone.errors).to.deep.equal([
      'access.policyFile: roles need somebody to have them: configure access.keysFile, access.jwt, tls.clientCaFile or access.proxy as well',
    ]);
    const wrongName = await loadConfig({ cwd: dir, env: { ...env, FORKLINE_KEYS_FILE: 'keys.json' } });
    expect('errors' in wrongName && wrongName.errors).to.deep.equal([
      `${path}: roles.analyst.connections: there is no connection "nowhere"; there are: main`,
    ]);
  });
});
