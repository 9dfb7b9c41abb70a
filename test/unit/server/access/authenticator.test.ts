/** The headers that let somebody in; and that 5,000 random ones (100,000 in the bench) let nobody in. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeKey } from '../../../../core/access/api-key.ts';
import { changeKeyFile, type StoredKey } from '../../../../core/access/key-file.ts';
import { createRoleBook } from '../../../../core/access/roles.ts';
import { QueryError } from '../../../../core/protocol/errors.ts';
import { METRICS_RIGHTS } from '../../../../core/protocol/rights.ts';
import { Authenticator } from '../../../../server/access/authenticator.ts';
import { KeyBook } from '../../../../server/access/key-book.ts';
import type { Peers } from '../../../../server/access/peer.ts';
import { type KeptLine, keepingLog } from '../../../support/keeping-log.ts';
import { randomCredential } from '../../../support/random-credentials.ts';

const RANDOM_CREDENTIALS = 5000;

describe('the authenticator', () => {
  let dir: string;
  let path: string;
  let book: KeyBook;
  let authenticator: Authenticator;
  let lines: KeptLine[];
  let now: number;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-access-'));
    path = join(dir, 'keys.json');
    now = Date.now();
    const kept = keepingLog();
    lines = kept.lines;
    book = new KeyBook({ path, log: kept.log, now: () => now });
    const permittedBy = createRoleBook(null);
    authenticator = new Authenticator({
      keys: book,
      tokens: null,
      peers: { identify: () => null } as unknown as Peers,
      permittedBy,
      log: kept.log,
      now: () => now,
    });
  });
  afterEach(() => {
    book.close();
    rmSync(dir, { recursive: true });
  });

  function addKey(over: Partial<StoredKey> = {}): { id: string; key: string } {
    const { id, key, hash } = makeKey();
    const entry: StoredKey = {
      ...{ id, name: 'alice', hash, createdAt: '2026-01-01T00:00:00.000Z' },
      ...{ expiresAt: null, revokedAt: null, roles: [], only: null, ...over },
    };
    changeKeyFile(path, (keys) => [...keys, entry]);
    book.look();
    return { id, key };
  }

  /** Returns a header as Node's parser gives it: the first one of several. */
  function requestWith(...values: readonly string[]): IncomingMessage {
    const rawHeaders = values.flatMap((value) => ['Authorization', value]);
    const headers = values.length === 0 ? {} : { authorization: values[0] };
    return { headers, rawHeaders } as unknown as IncomingMessage;
  }
  const identify = (...values: readonly string[]) =>
    authenticator.identify(requestWith(...values), '10.1.2.3');
  function refusalOf(...values: readonly string[]): QueryError {
    try {
      void identify(...values);
    } catch (thrown) {
      if (thrown instanceof QueryError) return thrown;
      throw thrown;
    }
    return expect.fail('it was let in');
  }

  it('lets the holder of a key in, by its name', () => {
    const { key } = addKey();
    expect(identify(`Bearer ${key}`)).to.deep.include({
      ...{ id: 'key:alice', method: 'key', address: '10.1.2.3', scope: 'all' },
    });
    expect(identify(`bearer   ${key} `)).to.deep.include({ id: 'key:alice' });
  });

  it('lets a key for metrics do nothing else', () => {
    const { key } = addKey({ only: 'metrics', name: 'prometheus' });
    expect(identify(`Bearer ${key}`)).to.deep.include({ rights: METRICS_RIGHTS });
  });

  it('refuses keys that are revoked, expired, unknown, or almost right', () => {
    const { key } = addKey();
    const refused = [
      addKey({ revokedAt: '2026-01-02T00:00:00.000Z' }).key,
      addKey({ expiresAt: '2026-01-02T00:00:00.000Z' }).key,
      makeKey().key,
      `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`,
      key.slice(0, 16) + makeKey().key.slice(16),
    ];
    for (const other of refused)
      expect(refusalOf(`Bearer ${other}`).message).to.equal('the key does not count, or not any more');
  });

  it('refuses an expired key from its moment on', () => {
    const { key } = addKey({ expiresAt: new Date(now + 1000).toISOString() });
    expect(identify(`Bearer ${key}`)).to.deep.include({ id: 'key:alice' });
    now += 1000;
    expect(refusalOf(`Bearer ${key}`).code).to.equal('unauthenticated');
  });

  it('refuses what has another form', () => {
    const { key } = addKey();
    for (const value of [
      key,
      `Basic ${key}`,
      `Bearer`,
      `Bearer ${key} x`,
      `Bearer ${key},Bearer ${key}`,
      `Token ${key}`,
    ])
      expect(refusalOf(value).code, value.slice(0, 10)).to.equal('unauthenticated');
    expect(refusalOf().message).to.equal('this server wants to know who asks');
    expect(refusalOf(`Bearer a.b.${'c'.repeat(9000)}`).message).to.contain('longer than 8192');
    expect(refusalOf('Bearer a.b.c').message).to.equal('this server takes API keys only');
  });

  it('refuses two headers, even with the same key', () => {
    const { key } = addKey();
    expect(refusalOf(`Bearer ${key}`, `Bearer ${key}`).code).to.equal('bad-request');
  });

  it('tells the log of refusals once a second, with their number and without what was sent', () => {
    const { key } = addKey({ revokedAt: '2026-01-02T00:00:00.000Z' });
    for (let index = 0; index < 10; index++) refusalOf(`Bearer ${key}`);
    now += 1000;
    refusalOf(`Bearer ${key}`);
    const told = lines.filter(({ event }) => event === 'login-refused').map(({ fields }) => fields);
    expect(told.map((fields) => (fields as { count: number }).count)).to.deep.equal([1, 10]);
    expect(JSON.stringify(lines)).not.to.contain(key.slice(16));
  });

  it('keeps its keys while the file is broken, and has none when it is gone', () => {
    const { key } = addKey();
    writeFileSync(path, '{"keys": [{"id": 1}]}');
    book.look();
    expect(identify(`Bearer ${key}`)).to.deep.include({ id: 'key:alice' });
    expect(lines.at(-1)).to.deep.include({ level: 'error', event: 'keys-file-unusable' });
    rmSync(path);
    book.look();
    expect(refusalOf(`Bearer ${key}`).code).to.equal('unauthenticated');
  });

  it(`lets nobody in by ${RANDOM_CREDENTIALS} random credentials`, () => {
    const real = [addKey(), addKey(), addKey({ revokedAt: '2026-01-02T00:00:00.000Z' })].map(
      ({ key }) => key,
    );
    for (let seed = 0; seed < RANDOM_CREDENTIALS; seed++) {
      const values = randomCredential(seed, real);
      expect(refusalOf(...values).code, `seed ${seed}`).to.be.oneOf(['unauthenticated', 'bad-request']);
    }
  });
});
