/** The file: rotation, its failure, half-written lines; and the transport that repeats failed writes. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { WriteGap } from '../../../logger/file-transport.ts';
import { type LogFile, openLogFile } from '../../../logger/log-file.ts';
import { createPipeline } from '../../../logger/pipeline.ts';

describe('log file', () => {
  let dir: string;
  let path: string;
  let failures: unknown[];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'flog-'));
    path = join(dir, 'deep', 'forkline.log');
    failures = [];
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  function open(maxBytes: number, maxFiles: number): Promise<LogFile> {
    return openLogFile({ path, maxBytes, maxFiles, onRotationFailed: (error) => failures.push(error) });
  }

  async function appendEach(file: LogFile, texts: readonly string[]): Promise<void> {
    for (const text of texts) await file.append(Buffer.from(`${text}\n`));
  }

  function read(suffix = ''): string {
    return readFileSync(path + suffix, 'utf8');
  }

  it('keeps the newest lines in the file and maxFiles beside it', async () => {
    const file = await open(6, 2);
    await appendEach(file, ['one', 'two', 'three', 'four', 'five']);
    await file.close();
    expect([read(), read('.1'), read('.2'), existsSync(`${path}.3`)]).to.deep.equal([
      'five\n',
      'four\n',
      'three\n',
      false,
    ]);
    expect(failures).to.deep.equal([]);
  });

  it('fills the number that a crash in mid-rotation left free, and loses nothing', async () => {
    mkdirSync(join(dir, 'deep'));
    for (const suffix of ['', '.2', '.3']) writeFileSync(path + suffix, `old${suffix}\n`);
    const file = await open(6, 3);
    await appendEach(file, ['new']);
    await file.close();
    expect([read(), read('.1'), read('.2'), read('.3')]).to.deep.equal([
      'new\n',
      'old\n',
      'old.2\n',
      'old.3\n',
    ]);
  });

  it('goes on in the old file when it cannot rotate', async () => {
    const file = await open(6, 1);
    mkdirSync(join(`${path}.1`, 'in the way'), { recursive: true });
    await appendEach(file, ['one', 'two', 'three']);
    await file.close();
    expect(read()).to.equal('one\ntwo\nthree\n');
    expect(failures).to.have.length(1);
  });

  it('removes a half line at its end when it opens', async () => {
    mkdirSync(join(dir, 'deep'));
    for (const [before, after] of [
      ['whole\nhal', 'whole\n'],
      ['only half', ''],
      [`${'x'.repeat(70_000)}\n${'y'.repeat(70_000)}`, `${'x'.repeat(70_000)}\n`],
    ]) {
      writeFileSync(path, before!);
      const file = await open(1e9, 1);
      await appendEach(file, ['next']);
      await file.close();
      expect(read()).to.equal(`${after}next\n`);
    }
  });

  it('reopens its path', async () => {
    const file = await open(1e9, 1);
    await appendEach(file, ['one']);
    renameSync(path, `${path}.moved`);
    await appendEach(file, ['two']);
    file.reopen();
    await appendEach(file, ['three']);
    await file.close();
    expect([read('.moved'), read()]).to.deep.equal(['one\ntwo\n', 'three\n']);
  });

  it('repeats a write that failed, in order, and reports the gap', async () => {
    const file = await open(1e9, 1);
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
    const file = await open(1e9, 1);
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
