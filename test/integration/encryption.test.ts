/** Encrypted queries of a whole Forkline: what is taken, what is refused, what is seen of it, and the clients of docs/encryption.md. */
import { execFile } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { JWK } from 'jose';
import { askSealed, postSealed, type Sealed, sealedQuery, serverKey } from '../support/encrypted.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { pythonWith } from '../support/pyarrow.ts';
import { until } from '../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));
const PAGE = fileURLToPath(new URL('../../docs/encryption.md', import.meta.url));
const run = promisify(execFile);

function privateKey(bits = 2048): string {
  const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: bits });
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

function codeOf(text: string): string {
  return (JSON.parse(text) as { code: string }).code;
}

const now = (): number => Math.floor(Date.now() / 1000);

describe('encrypted queries', function () {
  this.timeout(120_000);
  let dir: string;
  let forkline: Forkline;
  let key: JWK;
  const place = (name: string): string => join(dir, name);

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-encryption-'));
    for (const name of ['first.pem', 'second.pem']) writeFileSync(place(name), privateKey(), { mode: 0o600 });
    forkline = await startForkline({
      encryption: { keys: [`file:${place('first.pem')}`, `file:${place('second.pem')}`] },
    });
    key = await serverKey(forkline.url);
  });
  after(async () => {
    await forkline?.stop();
    rmSync(dir, { recursive: true });
  });

  const send = async (sealed: Sealed) => await postSealed(forkline.url, await sealedQuery(key, sealed));
  const refusal = async (sealed: Sealed): Promise<[number, string]> => {
    const { status, text } = await send(sealed);
    return [status, codeOf(text)];
  };

  it('are answered as others are, with the answer in the clear when no key for it was sent', async () => {
    const { status, text, headers } = await send({
      content: { query: 'select :n::int8 as n', params: { n: '@' }, numbers: 'string' },
      edit: (json) => json.replace('"@"', '9007199254740993'),
    });
    expect(status, text).to.equal(200);
    expect(headers.get('content-encoding')).to.equal(null);
    expect(JSON.parse(text)).to.deep.include({ rows: [{ n: '9007199254740993' }] });
  });

  it('may have no member twice', async () => {
    const { status, text } = await send({
      edit: (json) => json.replace('"query"', '"query":"select 2","query"'),
    });
    expect([status, codeOf(text)]).to.deep.equal([400, 'bad-request']);
  });

  it('are answered encrypted for the key that came with them', async () => {
    const { status, headers, text, plain } = await askSealed(forkline.url, {
      query: "select 'zanzibar' as place | where place != ''",
    });
    expect([status, headers.get('content-encoding')]).to.deep.equal([200, 'aes128gcm']);
    expect(headers.get('content-type')).to.contain('application/json');
    expect(JSON.parse(plain)).to.deep.include({ rows: [{ place: 'zanzibar' }], complete: true });
    expect(text).not.to.contain('zanzibar');
    for (const name of ['forkline-row-count', 'server-timing'])
      expect(headers.get(name), name).to.equal(null);
  });

  it('stream in every format, and explain works too', async () => {
    const query = 'select i, md5(i::text) as h from generate_series(1, 40000) i';
    const lines = (await askSealed(forkline.url, { query, format: 'ndjson' })).plain.trimEnd().split('\n');
    expect(lines).to.have.length(40_001);
    expect(JSON.parse(lines.at(-1)!)).to.deep.equal({ '@end': { rowCount: 40_000, complete: true } });
    const csv = await askSealed(forkline.url, { query }, '/v1/query.csv');
    expect(csv.plain.trimEnd().split('\n')).to.have.length(40_001);
    const explained = await askSealed(forkline.url, { query: 'select 1 as one | head 1' }, '/v1/explain');
    expect(JSON.parse(explained.plain)).to.have.property('stages');
  });

  it('have their errors encrypted, and what quotes the query nowhere else', async () => {
    const asked = await askSealed(forkline.url, { query: 'select kilimanjaro from flights' });
    expect(asked.status).to.equal(400);
    expect(asked.plain).to.contain('kilimanjaro');
    expect(asked.text).not.to.contain('kilimanjaro');
    const misspelt = await askSealed(forkline.url, { query: 'select 1', kilimanjaro: true });
    expect(JSON.parse(misspelt.plain)).to.deep.include({ code: 'bad-request' });
    for (const query of ["select 'kilimanjaro' as x", 'select 1 | where kilimanjaro'])
      await askSealed(forkline.url, { query });
    await until(
      async () => (await forkline.logLines()).filter((line) => line.includes('sha256:')).length >= 4,
      10_000,
      'the queries are in the log',
    );
    const listed = (await forkline.get('/v1/queries')).text;
    expect(listed).to.contain('sha256:');
    for (const text of [listed, ...(await everyFile(forkline.dir))])
      expect(text.includes('kilimanjaro')).to.equal(false);
  });

  async function everyFile(folder: string): Promise<string[]> {
    const names = await readdir(folder, { recursive: true, withFileTypes: true });
    return await Promise.all(
      names
        .filter((entry) => entry.isFile())
        .map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')),
    );
  }

  it('belong to the key that they are sent with: with another, or none, they are refused', async () => {
    const hash = (text: string): string => createHash('sha256').update(text).digest('base64url');
    const sent = async (ath: string | undefined, credential: string | null): Promise<unknown> => {
      const token = await sealedQuery(key, { content: { ath } });
      const headers = credential === null ? {} : { authorization: `Bearer ${credential}` };
      const { status, text } = await postSealed(forkline.url, token, '/v1/query', headers);
      return status === 200 ? 200 : [status, codeOf(text)];
    };
    const refused = [400, 'bad-encryption'];
    expect(await sent(hash('mine'), 'mine')).to.equal(200);
    expect(await sent(undefined, null)).to.equal(200);
    expect(await sent(hash('mine'), 'of-a-thief')).to.deep.equal(refused);
    expect(await sent(hash('mine'), null)).to.deep.equal(refused);
    expect(await sent(undefined, 'of-a-thief')).to.deep.equal(refused);
    // A refused one was not taken: its owner can still send it.
    const token = await sealedQuery(key, { content: { ath: hash('mine') } });
    await postSealed(forkline.url, token, '/v1/query', { authorization: 'Bearer of-a-thief' });
    const own = await postSealed(forkline.url, token, '/v1/query', { authorization: 'Bearer mine' });
    expect(own.status, own.text).to.equal(200);
  });

  describe('are refused', () => {
    const CLAIMS: readonly (readonly [string, () => Record<string, unknown>])[] = [
      ['expired', () => ({ iat: now() - 100, exp: now() - 40 })],
      ['of a clock that is two minutes ahead', () => ({ iat: now() + 120, exp: now() + 180 })],
      ['of a clock that is two minutes behind', () => ({ iat: now() - 120, exp: now() - 60 })],
      ['valid for longer than a minute', () => ({ iat: now(), exp: now() + 61 })],
      ['without iat', () => ({ iat: undefined })],
      ['without exp', () => ({ exp: undefined })],
      ['with exp as a text', () => ({ exp: '9999999999' })],
      ['without jti', () => ({ jti: undefined })],
      ['with a short jti', () => ({ jti: '1' })],
      ['with a number as answerKey', () => ({ answerKey: 1 })],
      [
        'with a private answerKey',
        () => ({
          answerKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
        }),
      ],
      [
        'with a short RSA answerKey',
        () => ({
          answerKey: generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }),
        }),
      ],
      [
        'with an answerKey that is on no curve',
        () => ({ answerKey: { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' } }),
      ],
    ];
    for (const [name, content] of CLAIMS)
      it(name, async () =>
        expect(await refusal({ content: content() })).to.deep.equal([400, 'bad-encryption']),
      );

    it('for an unknown key', async () => {
      expect(await refusal({ header: { kid: 'x'.repeat(43) } })).to.deep.equal([
        400,
        'unknown-encryption-key',
      ]);
    });

    it('when they were taken before, also by a server that was killed since', async () => {
      const token = await sealedQuery(key);
      expect((await postSealed(forkline.url, token)).status).to.equal(200);
      const again = await postSealed(forkline.url, token);
      expect([again.status, codeOf(again.text)]).to.deep.equal([409, 'query-replayed']);
      const server = async () => (await forkline.processes()).find(({ role }) => role === 'server')!.pid!;
      const before = await server();
      process.kill(before, 'SIGKILL');
      await until(async () => (await server().catch(() => before)) !== before, 20_000, 'another server');
      const later = await postSealed(forkline.url, token);
      expect([later.status, codeOf(later.text)]).to.deep.equal([409, 'query-replayed']);
    });

    it('when the same one is sent twenty times at once, all but one', async () => {
      const token = await sealedQuery(key);
      const answers = await Promise.all(Array.from({ length: 20 }, () => postSealed(forkline.url, token)));
      expect(answers.filter(({ status }) => status === 200)).to.have.length(1);
    });

    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const FORGED: readonly (readonly [string, (token: string) => string])[] = [
      ['nothing', () => ''],
      ['garbage', () => 'garbage'],
      ['a megabyte of garbage', () => 'a'.repeat(1024 * 1024)],
      ['a megabyte of dots', () => '.'.repeat(1024 * 1024)],
      ['a megabyte as header', (token) => `${'e'.repeat(1024 * 1024)}${token.slice(token.indexOf('.'))}`],
      [
        'alg none',
        (token) => `${part({ alg: 'none', enc: 'A256GCM', kid: key.kid })}${token.slice(token.indexOf('.'))}`,
      ],
      [
        'alg RSA1_5',
        (token) =>
          `${part({ alg: 'RSA1_5', enc: 'A256GCM', kid: key.kid })}${token.slice(token.indexOf('.'))}`,
      ],
      [
        'alg dir',
        (token) => `${part({ alg: 'dir', enc: 'A256GCM', kid: key.kid })}${token.slice(token.indexOf('.'))}`,
      ],
      [
        'enc A128CBC-HS256',
        (token) =>
          `${part({ alg: 'RSA-OAEP-256', enc: 'A128CBC-HS256', kid: key.kid })}${token.slice(token.indexOf('.'))}`,
      ],
      [
        'a header that was changed',
        (token) =>
          `${part({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: key.kid, zip: 'DEF' })}${token.slice(token.indexOf('.'))}`,
      ],
      ['a list as header', (token) => `${part([])}${token.slice(token.indexOf('.'))}`],
      ['a signed token', () => `${part({ alg: 'none' })}.${part({ query: 'select 1' })}.`],
      [
        'a changed content',
        (token) =>
          token.replace(
            /\.([^.])([^.]*)\.([^.]*)$/,
            (_, first: string, rest: string, tag: string) => `.${first === 'A' ? 'B' : 'A'}${rest}.${tag}`,
          ),
      ],
      ['a cut tag', (token) => token.slice(0, -6)],
      ['JSON in the clear', () => '{"query": "select 1"}'],
    ];
    for (const [name, forge] of FORGED)
      it(`instead of one: ${name}`, async () => {
        const { status, text } = await postSealed(forkline.url, forge(await sealedQuery(key)));
        expect([status, codeOf(text)], text).to.deep.equal([400, 'bad-encryption']);
        expect((JSON.parse(text) as { detail: string }).detail.length).to.be.below(300);
      });

    it('where no body is taken encrypted', async () => {
      const answer = await postSealed(forkline.url, await sealedQuery(key), '/v1/format');
      expect([answer.status, codeOf(answer.text)]).to.deep.equal([415, 'unsupported-media-type']);
    });

    it('when it cannot be noted that they were taken', async () => {
      const replay = join(forkline.dataDir, 'replay');
      rmSync(replay, { recursive: true });
      writeFileSync(replay, 'in the way');
      try {
        expect(await refusal({})).to.deep.equal([503, 'encryption-unavailable']);
        expect((await forkline.query('select 1')).status).to.equal(200);
      } finally {
        rmSync(replay);
      }
      // The directory is a new one: a query from before might have been noted in the lost one.
      expect(await refusal({ content: { iat: now() - 5, exp: now() + 5 } })).to.deep.equal([
        400,
        'bad-encryption',
      ]);
      await until(async () => (await send({})).status === 200, 10_000, 'queries from after it are taken');
    });
  });

  it('take a long query', async () => {
    const { plain } = await askSealed(forkline.url, { query: `select 1 as one -- ${'x'.repeat(900_000)}` });
    expect(JSON.parse(plain)).to.deep.include({ rows: [{ one: 1 }] });
  });

  describe('by the forkline command', () => {
    const command = async (url: string, ...args: readonly string[]) =>
      await run(process.execPath, [COMMAND, 'query', ...args], {
        env: { PATH: process.env.PATH, FORKLINE_URL: url },
        maxBuffer: 64 * 1024 * 1024,
      }).then(
        ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
        (error: { code: number; stdout: string; stderr: string }) => error,
      );

    it('are encrypted for the key that is offered or named', async () => {
      const query = 'select 12 as a';
      const { stdout } = await command(forkline.url, '--encrypt', '--format', 'csv', query);
      expect(stdout).to.equal('a\r\n12\r\n');
      const named = await command(forkline.url, '--encrypt-to', key.kid!, '--format', 'csv', query);
      expect(named.stdout).to.equal('a\r\n12\r\n');
      const other = await command(forkline.url, '--encrypt-to', 'x'.repeat(43), query);
      expect([other.code, other.stderr.includes(key.kid!)]).to.deep.equal([1, true]);
      const wrong = await command(forkline.url, '--encrypt', 'select nowhere');
      expect([wrong.code, wrong.stderr]).to.satisfy(
        ([code, stderr]: [number, string]) => code === 1 && stderr.includes('nowhere'),
      );
    });

    const RECORD = 64 * 1024;
    const HEADER = 21;
    const TAMPERED: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
      ['whole records are missing at its end', (bytes) => bytes.subarray(0, HEADER + 3 * RECORD)],
      ['the last record is cut', (bytes) => bytes.subarray(0, -5)],
      [
        'two records changed places',
        (bytes) =>
          Buffer.concat([
            bytes.subarray(0, HEADER),
            bytes.subarray(HEADER + RECORD, HEADER + 2 * RECORD),
            bytes.subarray(HEADER, HEADER + RECORD),
            bytes.subarray(HEADER + 2 * RECORD),
          ]),
      ],
      [
        'a record is left out',
        (bytes) => Buffer.concat([bytes.subarray(0, HEADER + RECORD), bytes.subarray(HEADER + 2 * RECORD)]),
      ],
      [
        'a bit is changed',
        (bytes) => {
          const copy = Buffer.from(bytes);
          copy[HEADER + RECORD + 99]! ^= 1;
          return copy;
        },
      ],
      ['something follows it', (bytes) => Buffer.concat([bytes, bytes.subarray(HEADER, HEADER + RECORD)])],
      ['nothing is left of it', () => Buffer.alloc(0)],
    ];
    for (const [name, tamper] of TAMPERED)
      it(`are refused when of the answer ${name}`, async () => {
        await using proxy = await tampering(forkline.url, tamper);
        const query = 'select i, md5(i::text) as h from generate_series(1, 8000) i';
        const { code, stderr } = await command(proxy.url, '--encrypt', '--format', 'csv', query);
        expect([code, stderr.includes('encrypted answer')], stderr).to.deep.equal([1, true]);
      });
  });

  describe('by the clients of docs/encryption.md', () => {
    const block = (language: string): string => {
      const found = new RegExp(`\`\`\`${language}\n(.*?)\n\`\`\``, 's').exec(readFileSync(PAGE, 'utf8'));
      return found![1]!;
    };
    const query = "select 'Tromsø' as place";

    it('in TypeScript', async () => {
      symlinkSync(MODULES, place('node_modules'));
      writeFileSync(place('package.json'), '{"type": "module"}');
      writeFileSync(place('client.ts'), block('ts'));
      const env = { PATH: process.env.PATH, FORKLINE_URL: forkline.url };
      const args = ['--import', 'tsx', 'client.ts'];
      const { stdout } = await run(process.execPath, [...args, query], { cwd: dir, env });
      expect(JSON.parse(stdout)).to.deep.include({ rows: [{ place: 'Tromsø' }] });
      const failure = await run(process.execPath, [...args, 'select nowhere'], { cwd: dir, env }).catch(
        (error) => error,
      );
      expect(failure.stderr).to.contain('nowhere');
    });

    it('in Python', async function () {
      const python = pythonWith('jwcrypto', 'http_ece');
      if (python === null) {
        console.log(
          '      skipped: no Python with jwcrypto and http_ece (pip install jwcrypto http-ece; FORKLINE_PYARROW names one)',
        );
        this.skip();
      }
      writeFileSync(place('client.py'), block('python'));
      const env = { PATH: process.env.PATH, FORKLINE_URL: forkline.url };
      const { stdout } = await run(python, ['client.py', query], { cwd: dir, env });
      expect(JSON.parse(stdout)).to.deep.include({ rows: [{ place: 'Tromsø' }] });
      const failure = await run(python, ['client.py', 'select nowhere'], { cwd: dir, env }).catch(
        (error) => error,
      );
      expect(failure.stderr).to.contain('nowhere');
    });
  });

  // The last ones, since the others know the first key only.
  describe('while the key is changed', () => {
    it('go on, without a failed request', async () => {
      const references = (...names: readonly string[]) => names.map((name) => `file:${place(name)}`);
      const failures: string[] = [];
      let stopped = false;
      const asking = (async () => {
        while (!stopped) {
          for (const token of [
            await sealedQuery(await serverKey(forkline.url)),
            ...(stopped ? [] : [await sealedQuery(key)]),
          ]) {
            const { status, text } = await postSealed(forkline.url, token);
            if (status !== 200) failures.push(text);
          }
        }
      })();
      await reload(references('second.pem', 'first.pem'));
      // A connection that stays open is served by the server before until it has drained.
      const isNew = async () => (await serverKey(forkline.url)).kid !== key.kid;
      await until(isNew, 20_000, 'the second key is offered');
      stopped = true;
      await asking;
      expect(failures).to.deep.equal([]);
      expect((await askSealed(forkline.url, { query: 'select 1' })).status).to.equal(200);
    });

    async function reload(keys: readonly string[]): Promise<void> {
      const config = JSON.parse(readFileSync(forkline.configFile, 'utf8')) as object;
      writeFileSync(forkline.configFile, JSON.stringify({ ...config, encryption: { keys } }));
      const reloads = () => forkline.output().split('forkline: reloaded\n').length;
      const before = reloads();
      process.kill(forkline.pid, 'SIGHUP');
      await until(() => reloads() > before, 30_000, 'the reload has ended');
    }
  });
});

/** A proxy that changes encrypted answers. */
async function tampering(url: string, tamper: (bytes: Buffer) => Buffer) {
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const answer = await fetch(`${url}${request.url}`, {
      method: request.method!,
      headers: { 'content-type': request.headers['content-type'] ?? 'text/plain' },
      ...(request.method === 'POST' && { body: Buffer.concat(pieces) }),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    for (const name of ['content-type', 'content-encoding', 'forkline-answer-key'])
      if (answer.headers.has(name)) response.setHeader(name, answer.headers.get(name)!);
    response.end(answer.headers.has('content-encoding') ? tamper(bytes) : bytes);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
