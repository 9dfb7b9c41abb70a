/** Reading the log backwards, and finding lines in it, against plain filters over all lines. */
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createLineFormatter, type LogLine } from '../../../../core/logging/line.ts';
import type { LogLevel } from '../../../../core/logging/log.ts';
import { StreamLedger } from '../../../../logger/index/stream-ledger.ts';
import { completeIndex, compressFile } from '../../../../logger/store/compress.ts';
import { indexPath, rotatedPath } from '../../../../logger/store/names.ts';
import { searchLog } from '../../../../logger/store/search.ts';
import { readBlocks, type StoredLog } from '../../../../logger/store/stored-log.ts';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
const EVERYTHING = { idHash: null, sinceMs: 0, minRank: 0 };
const noStreams = async () => new StreamLedger();

function storedAt(path: string): StoredLog {
  return {
    path,
    async openCurrent() {
      const handle = await open(path, 'r');
      const { size: bytes } = await handle.stat();
      return { file: { handle, bytes, indexPath: indexPath(path) }, lastSerial: 99 };
    },
  };
}

function unexpected(path: string, error: unknown): void {
  throw new Error(`${path} is unreadable`, { cause: error });
}

describe('log search', () => {
  let dir: string;
  let log: StoredLog;
  let rotated: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'flog-'));
    log = storedAt(join(dir, 'forkline.log'));
    rotated = rotatedPath(log.path, '2026-01-01', 7);
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  function makeLines(count: number, from = 0): string[] {
    let nowMs = 0;
    const format = createLineFormatter(
      { process: 'sql-1', role: 'sql', pid: 1, stream: 'aaaaaaaa' },
      () => nowMs,
    );
    return Array.from({ length: count }, (_, i) => {
      const n = from + i;
      nowMs = Date.UTC(2026, 0, 1) + n * 1000;
      return format(LEVELS[n % 4]!, 'event', { queryId: `q${n % 10}`, nested: { queryId: 'q-in' } }, n + 1);
    });
  }

  async function seqsOf(
    filter: Parameters<typeof searchLog>[1],
  ): Promise<{ seqs: number[]; truncated: boolean }> {
    const { lines, truncated } = await searchLog(log, filter);
    return { seqs: lines.map((line) => (JSON.parse(line) as LogLine).seq), truncated };
  }

  it('reads whole lines backwards, across blocks, files and lines longer than a block', async () => {
    const lengths = [1, 10, 1_500_000, 5, 2_500_000, 700_000, 1_048_575, 1_048_576, 3];
    const texts = lengths.map((length, i) => String(i).repeat(length));
    writeFileSync(
      rotated,
      texts
        .slice(0, 5)
        .map((text) => `${text}\n`)
        .join(''),
    );
    writeFileSync(
      log.path,
      texts
        .slice(5)
        .map((text) => `${text}\n`)
        .join(''),
    );
    const found: string[] = [];
    for await (const block of readBlocks(log, EVERYTHING, unexpected)) {
      found.unshift(...block.toString().replace(/\n$/, '').split('\n'));
    }
    expect(found.map((text) => [text[0], text.length])).to.deep.equal(
      texts.map((text) => [text[0], text.length]),
    );
  });

  it('finds by query, level and time, newest first up to the limit, in the order of times', async () => {
    writeFileSync(
      rotated,
      makeLines(50)
        .map((line) => `${line}\n`)
        .join(''),
    );
    writeFileSync(
      log.path,
      makeLines(50, 50)
        .map((line) => `${line}\n`)
        .join(''),
    );
    for (const prepare of [
      async () => {}, // no index at all
      () => completeIndex(rotated, noStreams),
      () => completeIndex(log.path, noStreams),
      () => compressFile(rotated, new AbortController().signal),
      () => unlinkSync(indexPath(`${rotated}.gz`)), // the members of the block are walked
    ]) {
      await prepare();
      await expectFinds();
    }
  });

  async function expectFinds(): Promise<void> {
    expect(await seqsOf({ queryId: 'q3', limit: 100 })).to.deep.equal({
      seqs: [4, 14, 24, 34, 44, 54, 64, 74, 84, 94],
      truncated: false,
    });
    expect(await seqsOf({ queryId: 'q3', limit: 2 })).to.deep.equal({ seqs: [84, 94], truncated: true });
    expect(await seqsOf({ queryId: 'q3', level: 'error', limit: 9 })).to.deep.equal({
      seqs: [4, 24, 44, 64, 84],
      truncated: false,
    });
    expect(await seqsOf({ queryId: 'q-in', limit: 9 })).to.deep.equal({ seqs: [], truncated: false });
    expect(await seqsOf({ since: '2026-01-01T00:01:37Z', limit: 9 })).to.deep.equal({
      seqs: [98, 99, 100],
      truncated: false,
    });
    expect((await seqsOf({ limit: 100 })).seqs).to.have.length(100);
  }

  it('orders lines that came late by their times, and passes over what is no line', async () => {
    const [a, b, c] = makeLines(3);
    writeFileSync(log.path, `${b}\n\nnonsense "queryId":"q0"\n${c}\n${a}\n${c!.slice(0, 120)}`);
    expect((await seqsOf({ limit: 10 })).seqs).to.deep.equal([1, 2, 3]);
    expect((await seqsOf({ queryId: 'q0', limit: 10 })).seqs).to.deep.equal([1]);
  });

  it('refuses a filter that means nothing', async () => {
    for (const filter of [{ limit: Number.NaN }, { since: 'yesterday-ish', limit: 1 }]) {
      let refused: unknown;
      await searchLog(log, filter).catch((error: unknown) => (refused = error));
      expect(refused).to.be.instanceOf(Error);
    }
  });

  it('orders the lines of one millisecond by stream and seq', async () => {
    const lines = ['bbbbbbbb', 'aaaaaaaa'].flatMap((stream) => {
      const format = createLineFormatter({ process: 'p', role: 'sql', pid: 1, stream }, () => 0);
      return [9, 10].map((seq) => `${format('info', 'event', { queryId: 'q' }, seq)}\n`);
    });
    writeFileSync(log.path, lines.join(''));
    const { lines: found } = await searchLog(log, { queryId: 'q', limit: 9 });
    const order = found
      .map((line) => JSON.parse(line) as LogLine)
      .map(({ stream, seq }) => `${stream[0]}${seq}`);
    expect(order).to.deep.equal(['a9', 'a10', 'b9', 'b10']);
  });

  it('reads of a large indexed file only the blocks that have the query', async () => {
    const many = createLineFormatter({ process: 'p', role: 'sql', pid: 1, stream: 'aaaaaaaa' });
    const lines = Array.from({ length: 20_000 }, (_, n) =>
      many('info', 'event', { queryId: `id-${n}` }, n + 1),
    );
    writeFileSync(rotated, `${lines.join('\n')}\n`);
    writeFileSync(log.path, '');
    await completeIndex(rotated, noStreams);
    for (const compress of [false, true]) {
      if (compress) await compressFile(rotated, new AbortController().signal);
      expect((await searchLog(log, { queryId: 'id-777', limit: 9 })).lines).to.deep.equal([lines[777]]);
      // The log without its block: what is found came from there, and nothing else was looked at for it.
      let blocks = 0;
      for await (const _ of readBlocks(log, { ...EVERYTHING, minRank: 3 }, unexpected)) blocks += 1;
      expect(blocks).to.equal(0);
    }
  });

  it('says which file it could not read, and gives what the others have', async () => {
    writeFileSync(log.path, `${makeLines(3).join('\n')}\n`);
    writeFileSync(`${rotated}.gz`, 'no gzip at all');
    const { lines, unreadable } = await searchLog(log, { queryId: 'q1', limit: 9 });
    expect(lines).to.have.length(1);
    expect(unreadable).to.deep.equal([`${rotated}.gz: no block at 0`]);
  });
});
