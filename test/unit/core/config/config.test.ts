import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Config } from '../../../../core/config/config.ts';
import { type ConfigMistakes, loadConfig } from '../../../../core/config/config.ts';

const MIB = 1024 * 1024;

describe('the configuration', () => {
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'forkline-config-'));
  });
  afterEach(() => {
    rmSync(cwd, { recursive: true });
  });

  const write = (content: unknown, name = 'forkline.config.json') =>
    writeFileSync(join(cwd, name), typeof content === 'string' ? content : JSON.stringify(content));

  async function load(
    env: Record<string, string> = {},
    options: { file?: string; cores?: number } = {},
  ): Promise<Config> {
    const loaded = await loadConfig({ cwd, env, cores: 2, ...options });
    if ('errors' in loaded) throw new Error(loaded.errors.join('\n'));
    return loaded.config;
  }

  async function mistakes(
    env: Record<string, string> = {},
    options: { file?: string } = {},
  ): Promise<ConfigMistakes> {
    const loaded = await loadConfig({ cwd, env, cores: 2, ...options });
    if ('config' in loaded) throw new Error('expected errors');
    return loaded;
  }

  async function errors(...how: Parameters<typeof mistakes>): Promise<readonly string[]> {
    const loaded = await mistakes(...how);
    return loaded.errors.map((line) => line.replaceAll(`${join(cwd, 'forkline.config.json')}: `, ''));
  }

  it('refuses a warning threshold above the one it warns of', async () => {
    const found = await errors({
      FORKLINE_MEMORY_STOP_FORK_PERCENT: '95',
      FORKLINE_OPEN_FILES_WARN_PERCENT: '99',
    });
    expect(found).to.deep.equal([
      'monitor.openFilesWarnPercent: 99 must not be above monitor.openFilesKillPercent (95)',
      'monitor.memoryStopForkPercent: 95 must not be above monitor.memoryKillPercent (90)',
    ]);
  });

  describe('without a file', () => {
    it('has the documented defaults for two cores', async () => {
      const config = await load();
      expect(config.listen).to.deep.equal({
        ...{ host: '127.0.0.1', port: 8080 },
        ...{ socket: null, socketMode: '600' },
      });
      expect(config.dataDir).to.equal(join(cwd, 'data'));
      expect(config.connections).to.deep.equal({});
      expect(config.defaultConnection).to.equal('main');
      expect(config.sql).to.deep.equal({
        processes: 2,
        connectionsPerProcess: 4,
        roleIdleMs: 60_000,
        acquireTimeoutMs: 5000,
        maxQueriesPerWorker: 100_000,
        maxAgeMs: 3_600_000,
        maxRssBytes: 512 * MIB,
      });
      expect(config.monitor).to.include({
        killRssBytes: 3072 * MIB,
        killPssBytes: 3072 * MIB,
        memoryStopForkPercent: 80,
        memoryKillPercent: 90,
      });
      expect(config.dsl).to.include({
        spares: 2,
        max: 4,
        reuse: 'auto',
        threads: 1,
        dataLimitBytes: 2048 * MIB,
      });
      expect(config.limits).to.include({
        timeoutMs: 30_000,
        maxTimeoutMs: 300_000,
        dslMemoryBytes: 512 * MIB,
      });
      expect(config.log).to.deep.equal({
        file: join(cwd, 'logs', 'forkline.log'),
        level: 'info',
        maxBytes: 64 * MIB,
        maxFiles: 5,
        maxAgeDays: 30,
        rotateEvery: 'day',
        compress: 'gzip',
        redactLiterals: 'off',
      });
    });

    for (const [cores, processes, connections] of [
      [1, 2, 8],
      [2, 2, 8],
      [4, 4, 16],
      [64, 4, 128],
    ] as const) {
      it(`opens ${connections} connections on ${cores} cores, enough for all DSL workers`, async () => {
        const { sql, dsl } = await load({}, { cores });
        expect(sql.processes).to.equal(processes);
        expect(sql.processes * sql.connectionsPerProcess).to.equal(connections);
        expect(dsl.max).to.equal(Math.min(8, 2 * cores));
        expect((connections * 3) / 4).to.be.at.least(dsl.max);
      });
    }

    it('is frozen to its depth', async () => {
      const config = await load({ DATABASE_URL: 'postgresql://u@h/d' });
      expect(Object.isFrozen(config)).to.equal(true);
      expect(Object.isFrozen(config.limits)).to.equal(true);
      expect(Object.isFrozen(config.connections.main)).to.equal(true);
    });

    it('survives being sent to another process', async () => {
      const config = await load({ DATABASE_URL: 'postgresql://u@h/d' });
      expect(JSON.parse(JSON.stringify(config))).to.deep.equal(config);
    });
  });

  describe('file and variables', () => {
    it('takes the file over defaults and variables over the file', async () => {
      write({
        listen: { port: 1234, host: '0.0.0.0' },
        access: { withoutAuthentication: 'anywhere' },
        limits: { timeoutMs: 1000 },
      });
      const config = await load({ FORKLINE_PORT: '4321' });
      expect(config.listen).to.deep.include({ port: 4321, host: '0.0.0.0' });
      expect(config.limits.timeoutMs).to.equal(1000);
    });

    it('makes paths absolute: to the file in the file, to the directory of the start in variables', async () => {
      write({ dataDir: 'd', log: { file: 'l.log' } });
      expect((await load()).dataDir).to.equal(join(cwd, 'd'));
      expect((await load({ FORKLINE_LOG_FILE: 'other/x.log' })).log.file).to.equal(join(cwd, 'other/x.log'));
    });

    it('reads the file that --config names before that of FORKLINE_CONFIG', async () => {
      write({ listen: { port: 1 } }, 'a.json');
      write({ listen: { port: 2 } }, 'b.json');
      expect((await load({ FORKLINE_CONFIG: 'a.json' })).listen.port).to.equal(1);
      expect((await load({ FORKLINE_CONFIG: 'a.json' }, { file: 'b.json' })).listen.port).to.equal(2);
    });

    it('takes sizes with a unit', async () => {
      write({ limits: { dslMemoryBytes: '1 GiB', queryBytes: 2048 } });
      const { limits, log } = await load({ FORKLINE_LOG_MAX_BYTES: '10MB' });
      expect(limits).to.include({ dslMemoryBytes: 1024 * MIB, queryBytes: 2048 });
      expect(log.maxBytes).to.equal(10 * MIB);
    });

    it('grows the data limit with the memory of the stage engine', async () => {
      const { dsl } = await load({ FORKLINE_DSL_MEMORY_BYTES: '2 GiB' });
      expect(dsl.dataLimitBytes).to.equal(5 * 1024 * MIB);
    });

    it('ignores an empty variable', async () => {
      expect((await load({ FORKLINE_PORT: '' })).listen.port).to.equal(8080);
    });
  });

  describe('connections', () => {
    it('takes DATABASE_URL as main, over the file', async () => {
      write({ connections: { main: { url: 'postgresql://file@h/d' } } });
      expect((await load({ DATABASE_URL: 'postgresql://env@h/d' })).connections).to.deep.equal({
        main: { kind: 'postgres', url: 'postgresql://env@h/d' },
      });
    });

    it('resolves env: and file: references', async () => {
      writeFileSync(join(cwd, 'secret'), 'postgresql://file@h/d\n');
      write({ connections: { a: { url: 'env:A_URL' }, b: { url: 'file:secret' } }, defaultConnection: 'b' });
      const { connections, defaultConnection } = await load({ A_URL: 'postgres://env@h/d' });
      expect(connections).to.deep.equal({
        a: { kind: 'postgres', url: 'postgres://env@h/d' },
        b: { kind: 'postgres', url: 'postgresql://file@h/d' },
      });
      expect(defaultConnection).to.equal('b');
    });

    it('makes the only connection the default one', async () => {
      write({ connections: { crm: { url: 'postgresql://h/d' } } });
      expect((await load()).defaultConnection).to.equal('crm');
    });

    it('asks which is the default one of several', async () => {
      write({ connections: { a: { url: 'postgresql://h/d' }, b: { url: 'postgresql://h/d' } } });
      expect(await errors()).to.deep.equal([
        'defaultConnection: say which of a, b queries use that name none. For example: "a"',
      ]);
    });

    it('names a missing secret, and the default connection is not called unknown for it', async () => {
      write({ connections: { crm: { url: 'env:CRM_URL' } }, defaultConnection: 'crm' });
      const [only, ...more] = await errors();
      expect(only).to.match(
        /^connections\.crm\.url: the environment variable CRM_URL is not set\. For example/,
      );
      expect(more).to.deep.equal([]);
    });

    it('never shows what a URL holds', async () => {
      write({
        connections: { a: { url: 'postgresql://u:hunter2@h:port/d' }, b: { url: 'oracle://u:hunter2@h/d' } },
      });
      const lines = await errors({ DATABASE_URL: 'hunter2' });
      expect(lines).to.have.length(3);
      expect(lines.join('\n')).not.to.contain('hunter2');
      expect(lines.join('\n')).to.match(/connections\.a\.url: is not a valid URL/);
    });

    it('says of each kind what it takes, and of a mistake how it is mended', async () => {
      const url = 'postgresql://h/d';
      write({
        connections: {
          named: { kind: 'postgres', url },
          odd: { kind: 'postgers', url },
          number: { kind: 7 },
          file: { path: 'notes.db' },
          both: { kind: 'sqlite', path: 'notes.db', url },
          empty: { kind: 'sqlite', path: '' },
          none: {},
          text: url,
          wrong: { url: 1, allowFunctions: ['total'], allowPowerfulRole: 'yes' },
          near: { url, allowFunction: [] },
        },
        defaultConnection: 'named',
      });
      const example = (name: string) => `For example: "connections": {"${name}": {"url": "env:CRM_URL"}}`;
      const wanted =
        'must be the URL of a PostgreSQL database as text, or where it stands: env:NAME, file:PATH';
      expect(await errors()).to.have.members([
        'connections.odd.kind: must be one of postgres, mariadb, sqlite, spark, files, not "postgers"; did you mean postgres?',
        'connections.number.kind: must be one of postgres, mariadb, sqlite, spark, files, not 7',
        'connections.file.path: is an option of connections of the kind sqlite, not of the kind postgres; say so: "kind": "sqlite"',
        'connections.both.url: is an option of connections of the kind postgres, not of the kind sqlite; take it out',
        'connections.empty.path: must be the path of a SQLite file, relative to the configuration. ' +
          'For example: "connections": {"empty": {"kind": "sqlite", "path": "notes.db"}}',
        `connections.none.url: ${wanted}. ${example('none')}`,
        `connections.text: must be an object with the options of a connection. ${example('text')}`,
        `connections.wrong.url: ${wanted}. ${example('wrong')}`,
        'connections.wrong.allowFunctions: must be a list of functions, each a schema and a name as in the database: ' +
          `["billing.total"]. ${example('wrong')}`,
        `connections.wrong.allowPowerfulRole: must be true or false. ${example('wrong')}`,
        'connections.near.allowFunction: there is no such option; did you mean allowFunctions?',
      ]);
      write({ connections: ['crm'] });
      expect(await errors()).to.deep.equal([
        `connections: must be an object with a connection for each name. ${example('crm')}`,
      ]);
    });

    it('reads a connection to Spark, its token from where it stands', async () => {
      const lake = {
        kind: 'spark',
        url: 'sc://spark:15002/;use_ssl=true',
        token: 'env:LAKE_TOKEN',
        caFile: 'ca.pem',
      };
      write({ connections: { lake } });
      const { connections } = await load({ LAKE_TOKEN: 'hush' });
      expect(connections).to.deep.equal({ lake: { ...lake, token: 'hush', caFile: join(cwd, 'ca.pem') } });
      expect((await errors()).join())
        .to.include('connections.lake.token')
        .and.to.include('LAKE_TOKEN');
    });

    it('finds a file relative to the configuration, and keeps DATABASE_URL for PostgreSQL', async () => {
      write({ connections: { main: { kind: 'sqlite', path: 'data/notes.db' } } });
      const { connections } = await load();
      expect(connections).to.deep.equal({ main: { kind: 'sqlite', path: join(cwd, 'data/notes.db') } });
      expect(await errors({ DATABASE_URL: 'postgresql://h/d' })).to.deep.equal([
        'DATABASE_URL: is the URL of a PostgreSQL database, but connections.main is of another kind. Unset it, or give that ' +
          'connection another name',
      ]);
    });

    it('takes a login for each role, and says what is wrong with one', async () => {
      const policy = join(cwd, 'policy.json');
      const roles = { analyst: { connections: ['crm'] }, auditor: { connections: ['crm'] } };
      writeFileSync(policy, JSON.stringify({ roles }));
      writeFileSync(join(cwd, 'analyst-url'), 'postgresql://file@h/d\n');
      const url = 'postgresql://h/d';
      const access = { keysFile: 'keys.json', policyFile: 'policy.json' };
      const logins = { analyst: { url: 'file:analyst-url' }, auditor: { url, allowPowerfulRole: true } };
      write({ access, connections: { crm: { roles: logins, allowFunctions: ['a.b'] } } });
      const shared = { kind: 'postgres', allowFunctions: ['a.b'] };
      expect((await load()).connections).to.deep.equal({
        crm: {
          ...shared,
          roles: {
            analyst: { ...shared, url: 'postgresql://file@h/d' },
            auditor: { ...shared, url, allowPowerfulRole: true },
          },
        },
      });

      const example = 'For example: "connections": {"crm": {"url": "env:CRM_URL"}}';
      const wanted = `must be an object with a login for each role of the policy: {"analyst": {"url": "env:CRM_ANALYST_URL"}}. ${example}`;
      for (const [crm, message] of [
        [
          { url, roles: logins },
          'connections.crm.url: is one login for everybody, and connections.crm.roles has one for each role',
        ],
        [{ roles: {} }, `connections.crm.roles: ${wanted}; here is none`],
        [{ roles: [] }, `connections.crm.roles: ${wanted}`],
        [{ roles: { analyst: url } }, `connections.crm.roles.analyst: ${wanted}`],
        [{ roles: { analyst: { url: 7 } } }, `connections.crm.roles.analyst.url: ${wanted}`],
        [
          { roles: { analyst: { url, urls: 1 } } },
          'connections.crm.roles.analyst.urls: there is no such option; did you mean url?',
        ],
        [
          { roles: { analyst: { url: 'env:NONE' } } },
          'connections.crm.roles.analyst.url: the environment variable NONE is not set',
        ],
        [
          { roles: { analist: { url } } },
          'connections.crm.roles: there is no role "analist"; did you mean analyst?',
        ],
        [
          { kind: 'sqlite', path: 'a.db', roles: logins },
          'connections.crm.roles: is an option of connections of the kind postgres',
        ],
      ] as const) {
        write({ access, connections: { crm } });
        const [line, ...more] = await errors();
        expect(line, JSON.stringify(crm)).to.satisfy((text: string) => text.startsWith(message));
        expect(more).to.deep.equal([]);
      }
      write({ connections: { crm: { roles: logins } } });
      expect((await errors())[0]).to.match(/^connections\.crm\.roles: logins by role need a policy/);
      write({ access, connections: { main: { roles: logins }, crm: { roles: logins } } });
      expect(await errors({ DATABASE_URL: url })).to.deep.equal([
        'DATABASE_URL: is one login for everybody, but connections.main has one for each role. Unset it, or give that ' +
          'connection another name',
      ]);
      writeFileSync(policy, JSON.stringify({ roles, defaultRoles: ['analyst', 'auditor'] }));
      write({ access, connections: { crm: { roles: logins } } });
      expect((await mistakes()).errors.join()).to.contain(
        'policy.json: defaultRoles: analyst and auditor have a login each for the connection crm',
      );
    });

    it('tells the kind of a connection by its URL', async () => {
      for (const scheme of ['mariadb', 'mysql'])
        expect((await load({ DATABASE_URL: `${scheme}://u:p@h/shop` })).connections).to.deep.equal({
          main: { kind: 'mariadb', url: `${scheme}://u:p@h/shop` },
        });
      write({ connections: { shop: { url: 'env:SHOP_URL', allowPowerfulRole: true } } });
      expect((await load({ SHOP_URL: 'mysql://h/shop' })).connections).to.deep.equal({
        shop: { kind: 'mariadb', url: 'mysql://h/shop', allowPowerfulRole: true },
      });
      write({ connections: { main: { kind: 'postgres', url: 'postgresql://h/d' } } });
      expect(await errors({ DATABASE_URL: 'mariadb://h/d' })).to.deep.equal([
        'DATABASE_URL: is the URL of a MariaDB database, but connections.main is of another kind. Unset it, or give that ' +
          'connection another name',
      ]);
    });

    it('wants names that can be written after @', async () => {
      write({ connections: { 'a b': { url: 'postgresql://h/d' } } });
      expect((await errors())[0]).to.match(/^connections\.a b: a connection's name is/);
    });
  });

  describe('mistakes', () => {
    it('are all told at once, each with its place and its mend', async () => {
      write({
        listen: { port: 'abc', hots: 'x' },
        limit: {},
        limits: { timeoutMs: -1, threads: 2 },
        dsl: { reuse: 'sometimes' },
        log: 7,
        connections: { crm: { url: 'env:CRM_URL', pool: 3 } },
      });
      expect(await errors({ FORKLINE_PROT: '1', FORKLINE_QUEUE_LENGTH: 'many' })).to.have.members([
        'listen.port: must be a whole number from 0 to 65535, not "abc". For example: "port": 8080',
        'listen.hots: there is no such option; did you mean host?',
        'limit: there is no such option; did you mean limits?',
        'limits.timeoutMs: must be a whole number from 1 to 86400000, not -1. For example: "timeoutMs": 30000',
        'limits.threads: there is no such option; did you mean dsl.threads?',
        'FORKLINE_QUEUE_LENGTH (limits.queueLength): must be a whole number from 0 to 100000, not "many". ' +
          'For example: FORKLINE_QUEUE_LENGTH=64',
        'dsl.reuse: must be one of auto, never, not "sometimes". For example: "reuse": "auto"',
        'log: must be an object with named values, such as {"port": 8080}',
        'connections.crm.pool: there is no such option; known here: kind, url, roles, allowFunctions, allowPowerfulRole',
        'connections.crm.url: the environment variable CRM_URL is not set. For example: "url": "env:CRM_URL", ' +
          'with CRM_URL=postgresql://user:password@host:5432/database',
        'FORKLINE_PROT: there is no such variable; did you mean FORKLINE_PORT?',
      ]);
    });

    it('names the file that a line is about', async () => {
      write({ listen: { port: -1 } });
      const { errors } = await mistakes();
      expect(errors[0]).to.match(/\/forkline\.config\.json: listen\.port: must be/);
    });

    it('tells where the file is no JSON', async () => {
      write('{\n  "listen": {,}\n}');
      const { errors } = await mistakes();
      expect(errors).to.have.length(1);
      expect(errors[0]).to.match(/forkline\.config\.json:2:14: not JSON: /);
    });

    it('misses a file that was named, and only then', async () => {
      expect((await errors({}, { file: 'x.json' }))[0]).to.match(
        /x\.json: there is no such file; --config names it$/,
      );
      expect((await errors({ FORKLINE_CONFIG: 'y.json' }))[0]).to.match(/FORKLINE_CONFIG names it$/);
    });

    it('refuses values that contradict each other', async () => {
      const lines = await errors({
        FORKLINE_TIMEOUT_MS: '5000',
        FORKLINE_MAX_TIMEOUT_MS: '4000',
        FORKLINE_DSL_DATA_LIMIT_BYTES: '512MB',
      });
      expect(lines[0]).to.match(/^limits\.timeoutMs: 5000 is more than limits\.maxTimeoutMs \(4000\)/);
      expect(lines[1]).to.match(/^dsl\.dataLimitBytes: 536870912 leaves less than 256 MiB/);
    });

    it('refuses to listen beyond the loopback without authentication, unless that is meant', async () => {
      const hosts = [
        '0.0.0.0',
        '::',
        '192.168.1.2',
        'forkline.example.com',
        '127.0.0.1.nip.io',
        '127.1',
        '::2',
      ];
      for (const host of hosts)
        expect((await errors({ FORKLINE_HOST: host }))[0], host).to.match(
          /^listen\.host: .* no authentication.*FORKLINE_WITHOUT_AUTHENTICATION=anywhere/,
        );
      for (const host of ['127.0.0.1', '127.8.0.1', 'localhost', 'LOCALHOST', '::1'])
        expect((await load({ FORKLINE_HOST: host })).listen.host).to.equal(host);
      const meant = { FORKLINE_HOST: '0.0.0.0', FORKLINE_WITHOUT_AUTHENTICATION: 'anywhere' };
      expect((await load(meant)).listen.host).to.equal('0.0.0.0');
    });

    it('reads lists: of the file as they are, of variables with commas', async () => {
      write({ access: { hostNames: ['a.example.com'] } });
      const { access, cors } = await load({
        FORKLINE_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
        FORKLINE_CORS_ORIGINS: 'https://app.example.com',
      });
      expect(access).to.deep.equal({
        withoutAuthentication: 'loopback',
        hostNames: ['a.example.com'],
        trustedProxies: ['10.0.0.0/8', '::1'],
        ...{ keysFile: null, jwt: null, policy: null },
        proxy: { userHeader: null, rolesHeader: null, certificates: [] },
      });
      expect(cors.origins).to.deep.equal(['https://app.example.com']);
    });

    for (const [variable, texts] of [
      [
        'FORKLINE_TRUSTED_PROXIES',
        ['10.0.0.0/33', '10.0.0', 'proxy.example.com', '::1/129', '10.0.0.0/8/8', '10.1/16'],
      ],
      ['FORKLINE_HOST_NAMES', ['a.example.com:8080', 'http://a', 'a b', '*.example.com', '[::1]']],
      [
        'FORKLINE_CORS_ORIGINS',
        ['app.example.com', 'https://app.example.com/', 'https://APP.example.com', 'https://a:443', 'null'],
      ],
    ] as const)
      it(`${variable} is a list of what it says`, async () => {
        for (const text of texts) {
          const [first] = await errors({ [variable]: text });
          expect(first, text).to.match(
            new RegExp(`^${variable} \\(\\w+\\.\\w+\\): must be a list of .*, not .*For example: `),
          );
        }
      });

    it('names a list whose items are wrong', async () => {
      write({ cors: { origins: [7] }, access: { hostNames: 'a' } });
      expect(await errors()).to.have.members([
        'cors.origins: must be a list of origins without a path, not [7]. For example: "origins": ["https://app.example.com"]',
        'access.hostNames: must be a list of host names without a port, not "a". For example: "hostNames": ["forkline.example.com"]',
      ]);
    });

    it('refuses fractions, booleans and numbers as text in the file', async () => {
      write({ listen: { port: 80.5 }, sql: { processes: true }, dsl: { max: '4' } });
      const lines = await errors();
      expect(lines).to.have.length(3);
      expect(lines.join('\n')).to.contain('not 80.5').and.contain('not true').and.contain('not "4"');
    });

    it('refuses a default connection that does not exist', async () => {
      expect((await errors({ FORKLINE_DEFAULT_CONNECTION: 'crm' }))[0]).to.equal(
        'defaultConnection: there is no connection "crm"; there are: main',
      );
    });

    it('still knows the data directory, by which a running server is found', async () => {
      const dataDir = async (content: unknown, ...how: Parameters<typeof mistakes>) => {
        write(content);
        return (await mistakes(...how)).dataDir;
      };
      expect(await dataDir({ dataDir: 'd', listen: 1 })).to.equal(join(cwd, 'd'));
      expect(await dataDir({ listen: 1 })).to.equal(join(cwd, 'data'));
      expect(await dataDir({ listen: 1 }, { FORKLINE_DATA_DIR: '/d' })).to.equal('/d');
      expect(await dataDir({ dataDir: 3 })).to.equal(null);
      expect(await dataDir('{"dataDir" : "d\\u0065", "listen": {')).to.equal(join(cwd, 'de'));
      expect(await dataDir('{"listen": {')).to.equal(join(cwd, 'data'));
      expect(await dataDir('{"dataDir": "d"', { FORKLINE_DATA_DIR: 'e' })).to.equal(join(cwd, 'e'));
    });

    it('guesses no data directory', async () => {
      const broken = async (content: string) => {
        write(content, 'x.json');
        return (await mistakes({}, { file: 'x.json' })).dataDir;
      };
      expect(await broken('{"dataDir": "/a", "dataDir": "/b",')).to.equal(null);
      expect(await broken('{"dataDir": "/cut of')).to.equal(null);
      expect(await broken('{"dataDir": "", ')).to.equal(null);
      expect(await broken('')).to.equal(null);
      expect((await mistakes({}, { file: 'nowhere.json' })).dataDir).to.equal(null);
    });
  });
});
