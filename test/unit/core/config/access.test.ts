import { expect } from 'chai';
import { loadConfig } from '../../../../core/config/config.ts';

const JWT = {
  FORKLINE_JWT_ISSUER: 'https://login.example.com/',
  FORKLINE_JWT_AUDIENCE: 'forkline',
  FORKLINE_JWT_JWKS_URL: 'https://login.example.com/jwks',
};

describe('the options of access', () => {
  async function load(env: Readonly<Record<string, string>>) {
    const loaded = await loadConfig({ cwd: '/nowhere', env });
    return 'errors' in loaded ? { errors: loaded.errors, access: null } : { errors: [], ...loaded.config };
  }

  it('need no authentication by default', async () => {
    expect((await load({})).access).to.deep.include({ keysFile: null, jwt: null, policy: null });
  });

  it('let other machines in when there is authentication', async () => {
    for (const env of [{ FORKLINE_KEYS_FILE: 'keys.json' }, JWT])
      expect((await load({ FORKLINE_HOST: '0.0.0.0', ...env })).errors).to.deep.equal([]);
    expect((await load({ FORKLINE_KEYS_FILE: 'keys.json' })).access?.keysFile).to.equal('/nowhere/keys.json');
  });

  it('pin the algorithms of tokens', async () => {
    expect((await load(JWT)).access?.jwt).to.deep.equal({
      ...{ issuer: 'https://login.example.com/', audience: 'forkline' },
      ...{ jwksUrl: 'https://login.example.com/jwks', algorithms: ['RS256', 'ES256'] },
      ...{ clockSkewSeconds: 30, rolesClaim: 'roles' },
    });
    for (const name of ['none', 'HS256', 'RS256,HS256', 'rs256'])
      expect((await load({ ...JWT, FORKLINE_JWT_ALGORITHMS: name })).errors[0], name).to.match(
        /^FORKLINE_JWT_ALGORITHMS \(access\.jwt\.algorithms\): must be a list of algorithms/,
      );
  });

  it('say what tokens need as well', async () => {
    const { FORKLINE_JWT_AUDIENCE: _, ...others } = JWT;
    expect((await load(others)).errors).to.deep.equal([
      'access.jwt.audience: tokens need it as well: issuer, audience, jwksUrl',
    ]);
    expect((await load({ FORKLINE_JWT_ALGORITHMS: 'RS256' })).errors[0]).to.contain(
      'says nothing without issuer',
    );
  });

  it('take keys of a provider over http from this machine alone', async () => {
    for (const url of ['http://127.0.0.1:3000/jwks', 'http://localhost/jwks', 'http://[::1]:3000/jwks'])
      expect((await load({ ...JWT, FORKLINE_JWT_JWKS_URL: url })).errors, url).to.deep.equal([]);
    for (const url of [
      'http://login.example.com/jwks',
      'http://127.0.0.1.nip.io/jwks',
      'http://10.0.0.1/jwks',
    ])
      expect((await load({ ...JWT, FORKLINE_JWT_JWKS_URL: url })).errors[0], url).to.contain('is not https');
  });
});
