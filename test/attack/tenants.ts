/**
 * A Forkline that two tenants share, for attacks: each has a database login of its own, which row-level security shows its own row
 * only. Both have a key; an identity provider issues tokens as well.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { testDatabase } from '../support/database.ts';
import { type ConfigOverrides, FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';
import { type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts';
import { until } from '../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const run = promisify(execFile);

export type Tenant = 'red' | 'blue';
/** Keys of Blue with a limit of one query at a time. */
type KeyHolder = Tenant | 'limited';

const SETUP = `
  create role tenant_red login password 'red';
  create role tenant_blue login password 'blue';
  create table secrets (owner text, note text);
  insert into secrets values ('tenant_red', 'of the red'), ('tenant_blue', 'of the blue');
  alter table secrets enable row level security;
  create policy own_rows on secrets using (owner = current_user);
  create view secrets_of_owner with (security_invoker = true) as select * from secrets;
  create function leaky(text) returns text language plpgsql immutable cost 0.0001
    as $$ begin raise notice '%', $1; return $1; end $$;
  grant select on secrets, secrets_of_owner to tenant_red, tenant_blue;
  analyze secrets`;
const TEAR_DOWN =
  'drop view secrets_of_owner; drop table secrets; drop function leaky(text); drop role tenant_red; drop role tenant_blue';

const POLICY = {
  roles: {
    red: { connections: ['crm'] },
    blue: { connections: ['crm'] },
    limited: { connections: ['crm'], limits: { concurrentQueries: 1 } },
    analyst: { connections: ['crm'], stages: ['head'] },
  },
};

export interface Asked {
  readonly status: number;
  readonly text: string;
  readonly code: string | undefined;
}

export interface Tenants {
  readonly forkline: Forkline;
  readonly provider: IdentityProvider;
  readonly keys: Readonly<Record<KeyHolder, string>>;
  ask(
    credential: string | null,
    method: string,
    path: string,
    body?: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Asked>;
  stop(): Promise<void>;
}

/** `overrides`: groups of the configuration over those that attacks need. */
export async function startTenants(overrides: ConfigOverrides = {}): Promise<Tenants> {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-attack-'));
  const database = await testDatabase();
  await database.admin(SETUP);
  const provider = await startIdentityProvider();
  writeFileSync(join(dir, 'policy.json'), JSON.stringify(POLICY));
  const login = (tenant: Tenant) => {
    const url = new URL(database.url);
    url.username = `tenant_${tenant}`;
    url.password = tenant;
    return { url: url.href };
  };
  const forkline = await startForkline({
    ...FEW_PROCESSES,
    connections: {
      crm: { roles: { red: login('red'), blue: login('blue'), limited: login('blue') } },
      hidden: { url: database.url },
    },
    defaultConnection: 'crm',
    access: {
      keysFile: join(dir, 'keys.json'),
      policyFile: join(dir, 'policy.json'),
      jwt: { issuer: provider.issuer, audience: provider.audience, jwksUrl: provider.jwksUrl },
    },
    ...overrides,
  });
  const ask: Tenants['ask'] = async (credential, method, path, body, headers = {}) => {
    const response = await fetch(`${forkline.url}${path}`, {
      method,
      headers: {
        ...(credential !== null && { authorization: `Bearer ${credential}` }),
        'content-type': 'text/plain',
        ...headers,
      },
      ...(body !== undefined && { body }),
      redirect: 'manual',
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '') && text.startsWith('{');
    return {
      status: response.status,
      text,
      code: isJson ? (JSON.parse(text) as { code?: string }).code : undefined,
    };
  };
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '/',
    FORKLINE_CONFIG: forkline.configFile,
  };
  const keyOf = async (tenant: KeyHolder) => {
    const { stdout } = await run(process.execPath, [COMMAND, 'keys', 'create', tenant, '--roles', tenant], {
      env,
    });
    const key = stdout.trim();
    await until(async () => (await ask(key, 'GET', '/v1/limits')).status === 200, 5000);
    return key;
  };
  const keys = { red: await keyOf('red'), blue: await keyOf('blue'), limited: await keyOf('limited') };
  return {
    forkline,
    provider,
    keys,
    ask,
    async stop() {
      await forkline.stop();
      await provider[Symbol.asyncDispose]();
      await database.admin(TEAR_DOWN);
      rmSync(dir, { recursive: true });
    },
  };
}
