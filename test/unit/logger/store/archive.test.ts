/** Rotated files: what is kept, what is compressed, and what a crash left is taken up. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { createLineFormatter } from '../../../../core/logging/line.ts';
import { decodeRecord, encodeRecord, recordSize } from '../../../../logger/index/block-record.ts';
import { Archive, type ArchiveOptions, ledgerOfRotated } from '../../../../logger/store/archive.ts';
import { indexPath, rotatedPath } from '../../../../logger/store/names.ts';
import { until } from '../../../support/until.ts';

const NOW = Date.UTC(2026, 0, 31, 12);

describe('log archive', () => {
  let dir: string;
  let path: string;
  let errors: unknown[];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'flog-'));
    path = join(dir, 'forkline.log');
    errors = [];
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  function write(day: string, serial: number, lines = 3000): string {
    const file = rotatedPath(path, day, serial);
    const format = createLineFormatter({ process: 'p', role: 'sql', pid: 1, stream: `stream0${serial}` });
    const texts = Array.from(
      { length: lines },
      (_, n) => `${format('info', 'x', { queryId: `q${n}` }, n + 1)}\n`,
    );
    writeFileSync(file, texts.join(''));
    return file;
  }

  /** One look, until it is done. */
  async function look(options: Partial<ArchiveOptions> = {}): Promise<void> {
    const log = {
      debug() {},
      info() {},
      warn() {},
      error: (_: string, fields?: object) => void errors.push(fields),
    };
    let looks = 0;
    const archive = new Archive({
      path,
      maxFiles: 9,
      maxAgeDays: 0,
      compress: true,
      log,
      now: () => NOW,
      isCurrent: async () => false,
      ...options,
    });
    archive.look();
    await until(() => (archive.idle ? ++looks : 0), 10_000, 'the archive is idle');
    await archive.stop();
  }

  const names = () => readdirSync(dir).sort();

  it('compresses each file with an index, as gzip reads it too', async () => {
    const file = write('2026-01-30', 1);
    const text = readFileSync(file);
    await look();
    expect(names()).to.deep.equal(['forkline.log.2026-01-30.1.gz', 'forkline.log.2026-01-30.1.gz.index']);
    expect(gunzipSync(readFileSync(`${file}.gz`)).equals(text)).to.equal(true);
    expect(execFileSync('gzip', ['-dc', `${file}.gz`]).equals(text)).to.equal(true);
    expect(errors).to.deep.equal([]);
  });

  it('keeps the newest by serial, and none that is too old', async () => {
    for (const [day, serial] of [
      ['2026-01-01', 1],
      ['2026-01-29', 2],
      ['2026-01-28', 10],
      ['2026-01-31', 11],
    ] as const)
      write(day, serial, 3);
    await look({ maxFiles: 3, compress: false });
    const kept = () =>
      names()
        .filter((name) => !name.endsWith('.index'))
        .map((name) => name.slice(-2));
    expect(kept()).to.deep.equal(['10', '.2', '11']);
    await look({ maxFiles: 3, maxAgeDays: 2, compress: false });
    expect(kept()).to.deep.equal(['.2', '11']);
    await look({ maxFiles: 0 });
    expect(names()).to.deep.equal([]);
  });

  it('takes up what a crash left: half-made files, both kinds, missing indexes', async () => {
    const text = readFileSync(write('2026-01-30', 1));
    const both = write('2026-01-30', 2);
    await look();
    writeFileSync(both, text); // the compressed one was finished, the plain one not yet removed
    rmSync(indexPath(`${rotatedPath(path, '2026-01-30', 1)}.gz`));
    const half = write('2026-01-30', 3);
    writeFileSync(`${half}.gz.tmp`, 'half');
    writeFileSync(indexPath(half), 'nonsense');
    appendFileSync(half, 'half a li');
    writeFileSync(indexPath(rotatedPath(path, '2026-01-30', 9)), 'of a file that is gone');
    writeFileSync(`${path}.backup.tmp`, "somebody's");
    await look();
    const wanted = [1, 2, 3].flatMap((n) => [
      `forkline.log.2026-01-30.${n}.gz`,
      `forkline.log.2026-01-30.${n}.gz.index`,
    ]);
    expect(names()).to.deep.equal([...wanted, 'forkline.log.backup.tmp'].sort());
    expect(gunzipSync(readFileSync(`${half}.gz`)).toString()).to.match(/\nhalf a li$/);
    const ledger = await ledgerOfRotated(path);
    expect([1, 2, 3].map((n) => ledger.lastSeq(`stream0${n}`))).to.deep.equal([3000, 3000, 3000]);
    expect(errors).to.deep.equal([]);
  });

  it('leaves the file alone that lines still go into, and tells of one that it cannot read', async () => {
    const current = write('2026-01-30', 1, 5);
    const wrong = `${rotatedPath(path, '2026-01-30', 2)}.gz`;
    writeFileSync(wrong, 'no gzip');
    await look({ isCurrent: async (file) => file === current });
    expect(existsSync(current)).to.equal(true);
    expect(errors).to.have.length(1);
    expect(errors[0]).to.include({ file: wrong });
  });

  it('records come back as they were written, and half of one is none', () => {
    const record = {
      offset: 2 ** 40,
      bytes: 300_000,
      head: 0xffffffff,
      oldestMs: 1,
      newestMs: NOW,
      storedAt: 7,
      storedBytes: 9,
      levels: 5,
      streams: new Map([['abcdefgh', 2 ** 45]]),
      ids: Uint32Array.of(1, 0xffffffff, 3),
    };
    const bytes = encodeRecord(record);
    expect(bytes.length % 8).to.equal(0);
    expect(recordSize(bytes, 0)).to.equal(bytes.length);
    expect(decodeRecord(Buffer.from(new Uint8Array(bytes)), 0)).to.deep.equal(record);
    for (const length of [0, 63, bytes.length - 1])
      expect(recordSize(bytes.subarray(0, length), 0)).to.equal(null);
    expect(recordSize(Buffer.alloc(200), 0)).to.equal(null);
  });
});
