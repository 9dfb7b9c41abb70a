import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { compressEntry } from '../../../../server/results/compress.ts';
import type { ResultFacts } from '../../../../server/results/entry.ts';
import { GZIP_HEAD, gzipEnd } from '../../../../server/results/gzip-frame.ts';
import { Spool } from '../../../../server/results/spool.ts';
import { bodyOf, openEntry, readStored } from '../../../../server/results/stored-body.ts';

const FACTS = { kind: 'cache', format: 'csv', rows: 1, startedAt: 1 } as unknown as ResultFacts;

describe('a stored body with an end of its own', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'forkline-frame-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  const keep = async (body: Buffer): Promise<string> => {
    const final = join(dir, 'entry');
    const spool = new Spool({ part: `${final}.part`, final }, () => {});
    for (let at = 0; at < body.length; at += 50_000) spool.append(body.subarray(at, at + 50_000), () => {});
    expect(await spool.commit(FACTS)).not.to.equal(null);
    return final;
  };

  it('is one gzip file, whatever the lengths of body and end', async () => {
    for (const length of [5000, 300_000, 2_000_000]) {
      const body = Buffer.from('0123456789,abc\r\n'.repeat(length / 16));
      const path = await keep(body);
      const description = (await compressEntry(path, `${path}.new`))!;
      expect(description.storedBytes).to.be.below(body.length / 5);
      for (const tail of ['', ']}', 'x'.repeat(70_000), 'x'.repeat(65_535), 'x'.repeat(131_070)]) {
        const entry = (await openEntry(path))!;
        const stored = await readStored(entry);
        await entry.file.close();
        const whole = Buffer.concat([GZIP_HEAD, stored, gzipEnd(Buffer.from(tail), description)]);
        expect(
          gunzipSync(whole).equals(Buffer.concat([body, Buffer.from(tail)])),
          `${length} ${tail.length}`,
        ).to.equal(true);
        expect((await bodyOf(stored, description)).equals(body)).to.equal(true);
      }
    }
  });

  it('stays as it is when compressing saves little', async () => {
    const path = await keep(randomBytes(100_000));
    expect(await compressEntry(path, `${path}.new`)).to.equal(null);
    const entry = (await openEntry(path))!;
    expect((await readStored(entry)).length).to.equal(100_000);
    await entry.file.close();
  });
});
