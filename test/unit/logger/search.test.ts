/** Reading the log backwards, and finding lines in it, against plain filters over all lines. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createLineFormatter, type LogLine } from '../../../logger/line.ts';
import type { LogLevel } from '../../../logger/log.ts';
import { findLastSeq } from '../../../logger/resume.ts';
import { readBlocksBackwards } from '../../../logger/reverse-blocks.ts';
import { searchLog } from '../../../logger/search.ts';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

describe('log search', () => {
  let dir: string;
  let log: { path: string; maxFiles: number };
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'flog-'));
    log = { path: join(dir, 'forkline.log'), maxFiles: 3 };
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
      `${log.path}.1`,
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
    for await (const block of readBlocksBackwards(log)) {
      found.unshift(...block.toString().replace(/\n$/, '').split('\n'));
    }
    expect(found.map((text) => [text[0], text.length])).to.deep.equal(
      texts.map((text) => [text[0], text.length]),
    );
  });

  it('finds by query, level and time, newest first up to the limit, in the order of times', async () => {
    writeFileSync(
      `${log.path}.1`,
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
  });

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

  it('finds the last seq of a stream, not one that only a field mentions', async () => {
    const other = createLineFormatter({ process: 'dsl-1', role: 'dsl', pid: 2, stream: 'bbbbbbbb' });
    const mention = other('info', 'x', { nested: { stream: 'aaaaaaaa' }, seq: 99 }, 5);
    writeFileSync(log.path, `${makeLines(20).join('\n')}\n${mention}\n`);
    expect(await findLastSeq(log, 'aaaaaaaa')).to.equal(20);
    expect(await findLastSeq(log, 'bbbbbbbb')).to.equal(5);
    expect(await findLastSeq(log, 'cccccccc')).to.equal(0);
  });
});
