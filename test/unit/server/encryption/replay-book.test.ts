import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { QueryError } from '../../../../core/protocol/errors.ts';
import { ReplayBook } from '../../../../server/encryption/replay-book.ts';
import { keepingLog } from '../../../support/keeping-log.ts';

const START_MS = 1_800_000_000_000;
const DAY_MS = 86_400_000;

describe('the book of encrypted queries that were taken', () => {
  let directory: string;
  let nowMs: number;
  const books: ReplayBook[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'forkline-replay-'));
    nowMs = START_MS;
  });
  afterEach(() => {
    for (const book of books.splice(0)) book.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function open(uptimeMs = DAY_MS): ReplayBook {
    const book = new ReplayBook({
      directory,
      log: keepingLog().log,
      now: () => nowMs,
      uptimeMs: () => uptimeMs,
    });
    books.push(book);
    return book;
  }
  const query = (uniqueId: string, ageSeconds = 0) => {
    const issuedAt = nowMs / 1000 - ageSeconds;
    return { uniqueId, issuedAt, expiresAt: issuedAt + 60 };
  };
  const taken = async (book: ReplayBook, once: ReturnType<typeof query>): Promise<string> =>
    await book.take(once).then(
      () => 'taken',
      (error: QueryError) => error.code,
    );

  it('takes each once, whichever server is asked', async () => {
    const [first, second] = [open(), open()];
    expect(await taken(first, query('one'))).to.equal('taken');
    expect(await taken(second, query('one'))).to.equal('query-replayed');
    const many = await Promise.all(
      Array.from({ length: 10 }, (_, at) => taken([first, second][at % 2]!, query('two'))),
    );
    expect(many.filter((how) => how === 'taken')).to.have.length(1);
    expect(await taken(open(), query('one'))).to.equal('query-replayed');
  });

  it('takes what was encrypted in the second in which the directory was made', async () => {
    nowMs += 700;
    const book = open();
    await book.open();
    nowMs += 100;
    const issuedAt = Math.floor(nowMs / 1000);
    expect(await taken(book, { uniqueId: 'same', issuedAt, expiresAt: issuedAt + 60 })).to.equal('taken');
    const earlier = { uniqueId: 'earlier', issuedAt: issuedAt - 1, expiresAt: issuedAt + 60 };
    expect(await taken(book, earlier)).to.equal('bad-encryption');
  });

  it('refuses what is older than the directory, or than the start of the machine', async () => {
    await open().open();
    nowMs += 5000;
    expect(await taken(open(), query('before', 6))).to.equal('bad-encryption');
    expect(await taken(open(), query('after', 4))).to.equal('taken');
    expect(await taken(open(2000), query('before the start', 3))).to.equal('bad-encryption');
  });

  it('forgets what has expired, and nothing before', async () => {
    const book = open();
    await book.take(query('one'));
    nowMs += 89_000;
    await book.sweep();
    expect(await taken(book, { ...query('one'), expiresAt: START_MS / 1000 + 60 })).to.equal(
      'query-replayed',
    );
    nowMs += 180_000;
    await book.sweep();
    expect(readdirSync(directory)).to.deep.equal(['since']);
    expect(await taken(book, query('two'))).to.equal('taken');
  });

  it('leaves other files of the directory alone', async () => {
    writeFileSync(join(directory, 'notes.txt'), '');
    await open().sweep();
    expect(readdirSync(directory)).to.deep.equal(['notes.txt']);
  });

  it('takes nothing that it cannot note, and goes on when it can again', async () => {
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'in the way');
    const book = open();
    expect(await taken(book, query('one'))).to.equal('encryption-unavailable');
    rmSync(directory);
    expect(await taken(book, query('one'))).to.equal('taken');
    rmSync(directory, { recursive: true });
    expect(await taken(book, query('three'))).to.equal('encryption-unavailable');
    nowMs += 1000;
    expect(await taken(book, query('one', 10))).to.equal('bad-encryption');
  });
});
