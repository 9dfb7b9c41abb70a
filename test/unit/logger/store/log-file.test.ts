/** The file: rotation, its failure, half-written lines; and the transport that repeats failed writes. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createLineFormatter } from '../../../../core/logging/line.ts';
import type { WriteGap } from '../../../../logger/intake/file-transport.ts';
import { createPipeline } from '../../../../logger/intake/pipeline.ts';
import { ledgerOfRotated } from '../../../../logger/store/archive.ts';
import { type LogFile, openLogFile } from '../../../../logger/store/log-file.ts';
import { indexPath, listRotated } from '../../../../logger/store/names.ts';
import { until } from '../../../support/until.ts';

describe('log file', () => {
  let dir: string;
  let path: string;
  let failures: unknown[];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'flog-'));
    path = join(dir, 'deep', 'forkline.log');
    failures = [];
    nowMs = Date.UTC(2026, 0, 1, 23, 59);
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  let nowMs: number;

  function open(maxBytes: number): Promise<LogFile> {
    return openLogFile({
      path,
      maxBytes,
      daily: true,
      now: () => nowMs,
      ledgerBefore: () => ledgerOfRotated(path),
      onRotated: () => {},
      onRotationFailed: (error) => failures.push(error),
      onLine: () => {},
    });
  }

  /** Oldest first: `day.serial text`. */
  async function rotated(): Promise<string[]> {
    const files = await listRotated(path);
    return files.reverse().map((file) => `${file.day}.${file.serial} ${readFileSync(file.path, 'utf8')}`);
  }

  async function appendEach(file: LogFile, texts: readonly string[]): Promise<void> {
    for (const text of texts) await file.append(Buffer.from(`${text}\n`));
  }

  function read(suffix = ''): string {
    return readFileSync(path + suffix, 'utf8');
  }

  it('rotates by size, under names that stay', async () => {
    const file = await open(6);
    await appendEach(file, ['one', 'two', 'three']);
    await file.close();
    expect(await rotated()).to.deep.equal(['2026-01-01.1 one\n', '2026-01-01.2 two\n']);
    const again = await open(6);
    await appendEach(again, ['four']);
    await again.close();
    expect((await rotated()).at(-1)).to.match(/\.3 three\n$/);
    expect(read()).to.equal('four\n');
    expect(failures).to.deep.equal([]);
  });

  it('rotates with the first line of a new UTC day, and after a start on a later day', async () => {
    const file = await open(1e9);
    await appendEach(file, ['one', 'two']);
    nowMs += 60_000;
    await appendEach(file, ['three']);
    await file.close();
    expect(await rotated()).to.deep.equal(['2026-01-01.1 one\ntwo\n']);
    const lastYear = new Date(Date.UTC(2025, 11, 31));
    utimesSync(path, lastYear, lastYear);
    const later = await open(1e9);
    await appendEach(later, ['four']);
    await later.close();
    expect((await rotated()).at(-1)).to.equal('2025-12-31.2 three\n');
    expect(read()).to.equal('four\n');
  });

  it('goes on in the old file when it cannot rotate', async () => {
    const file = await open(6);
    mkdirSync(join(`${path}.2026-01-01.1`, 'in the way'), { recursive: true });
    await appendEach(file, ['one', 'two', 'three']);
    await file.close();
    expect(read()).to.equal('one\ntwo\nthree\n');
    expect(failures).to.have.length(1);
  });

  it('goes on behind a file that somebody truncated or removed', async () => {
    const file = await open(1e9);
    await appendEach(file, ['one']);
    truncateSync(path);
    const truncatedAtMs = Date.now();
    // Looked for once a second: until then it goes on at the begin of the file, as append mode has it.
    await until(async () => {
      await appendEach(file, ['two']);
      return statSync(indexPath(path)).mtimeMs > truncatedAtMs;
    }, 10_000);
    expect(read()).to.match(/^(two\n)+$/);
    unlinkSync(path);
    await until(async () => {
      await appendEach(file, ['three']);
      return existsSync(path);
    }, 10_000);
    await file.close();
    expect(read()).to.match(/^(three\n)+$/);
  });

  for (const lost of ['nothing', 'index', 'half of the index', 'all indexes']) {
    it(`knows each stream's last seq after a crash that cost ${lost}, over rotated files`, async () => {
      const file = await open(300_000);
      const streams = ['aaaaaaaa', 'bbbbbbbb', 'cccccccc'];
      for (let seq = 1; seq <= 900; seq += 1) {
        // Each stream ends in another stretch of the log; the last one in mid-block.
        for (const stream of streams.slice(Math.floor(seq / 301))) {
          const format = createLineFormatter({ process: 'p', role: 'sql', pid: 1, stream });
          await file.append(
            Buffer.from(
              `${format('info', 'x', { padding: 'x'.repeat(700), nested: { stream: 'aaaaaaaa', seq: 9999 } }, seq)}\n`,
            ),
          );
        }
      }
      const indexes = [path, ...(await listRotated(path)).map((each) => each.path)].map(indexPath);
      expect(indexes.length).to.be.above(3);
      if (lost === 'index') unlinkSync(indexes[0]!);
      if (lost === 'half of the index')
        for (const index of indexes.slice(0, 2)) truncateSync(index, statSync(index).size / 2);
      if (lost === 'all indexes') for (const index of indexes) unlinkSync(index);
      const next = await open(300_000);
      expect(streams.map((stream) => next.lastSeq(stream))).to.deep.equal([300, 601, 900]);
      expect(next.lastSeq('dddddddd')).to.equal(0);
      await next.close();
      await file.close();
    });
  }

  it('removes a half line at its end when it opens', async () => {
    mkdirSync(join(dir, 'deep'));
    for (const [before, after] of [
      ['whole\nhal', 'whole\n'],
      ['only half', ''],
      [`${'x'.repeat(70_000)}\n${'y'.repeat(70_000)}`, `${'x'.repeat(70_000)}\n`],
    ]) {
      writeFileSync(path, before!);
      const file = await open(1e9);
      await appendEach(file, ['next']);
      await file.close();
      expect(read()).to.equal(`${after}next\n`);
    }
  });

  it('reopens its path', async () => {
    const file = await open(1e9);
    await appendEach(file, ['one']);
    renameSync(path, `${path}.moved`);
    await appendEach(file, ['two']);
    file.reopen();
    await appendEach(file, ['three']);
    await file.close();
    expect([read('.moved'), read()]).to.deep.equal(['one\ntwo\n', 'three\n']);
  });

  it('repeats a write that failed, in order, and reports the gap', async () => {
    const file = await open(1e9);
    let refusals = 3;
    const gaps: WriteGap[] = [];
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    const reluctant: Pick<LogFile, 'append'> = {
      append: (lines) => (refusals-- > 0 ? Promise.reject(full) : file.append(lines)),
    };
    const pipeline = createPipeline({ file: reluctant, retryMs: 1, onGap: (gap) => gaps.push(gap) }, 20);
    const written: number[] = [];
    for (let n = 1; n <= 9; n += 1) pipeline.write(Buffer.from(`line ${n}\n`), () => written.push(n));
    expect(pipeline.full).to.equal(true);
    await pipeline.drained();
    expect(written).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(read()).to.equal(written.map((n) => `line ${n}\n`).join(''));
    expect(gaps).to.have.length(1);
    expect(gaps[0]).to.include({ failedWrites: 3, error: full });
    expect(pipeline.full).to.equal(false);
    await file.close();
  });

  it('acknowledges nothing that it has given up', async () => {
    const file = await open(1e9);
    const broken: Pick<LogFile, 'append'> = { append: () => Promise.reject(new Error('no')) };
    const pipeline = createPipeline({ file: broken, retryMs: 60_000, onGap: () => {} });
    let acknowledged = 0;
    pipeline.write(Buffer.from('line\n'), () => (acknowledged += 1));
    await new Promise((resolve) => setImmediate(resolve));
    pipeline.giveUp();
    await new Promise((resolve) => setImmediate(resolve));
    expect(acknowledged).to.equal(0);
    await file.close();
  });
});
