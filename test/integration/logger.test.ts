/**
 * The log process with real writers: what happens to the lines when it dies, stands still, rotates, or is asked.
 * Expected everywhere: each line once, whole, and a process's lines in their order.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { createLogClient } from '../../core/logging/client.ts';
import { createLineFormatter, type LogLine } from '../../core/logging/line.ts';
import { createLogSearch } from '../../core/logging/search-client.ts';
import { rotatedPath } from '../../logger/store/names.ts';
import { logFiles, readLines, seqsByProcess, setUpLog, until } from '../fixtures/logger/harness.ts';

function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1);
}

describe('logger process', function () {
  this.timeout(120_000);

  it('loses, tears and doubles nothing when it is killed ten times in mid-burst, rotating', async () => {
    await using setup = setUpLog({ maxBytes: 2_000_000, maxFiles: 1000 });
    let logger = await setup.startLogger();
    const ids = upTo(10).map((n) => `sql-${n}`);
    const writers = ids.map((workerId) =>
      setup.startWriter({ workerId, lines: 1500, maxPadding: 8000, burst: 20 }),
    );
    for (let kill = 1; kill <= 10; kill += 1) {
      // Two rotations after each kill: so that some fall between two of their steps, and into a compression.
      await until(`${2 * kill} rotated files`, () => logFiles(setup.file).length > 2 * kill);
      await setup.killLogger(logger);
      logger = await setup.startLogger();
    }
    await Promise.all(writers.map((writer) => writer.exited));
    expect(await setup.stopLogger(logger)).to.equal(0);
    const seqs = seqsByProcess(setup.lines(), 'written');
    expect([...seqs.keys()].sort()).to.deep.equal([...ids].sort());
    for (const list of seqs.values()) expect(list).to.deep.equal(upTo(1500));
    expect(readdirSync(setup.rawDir)).to.deep.equal([]);
  });

  it('gets again what was on the way to it when it was killed', async () => {
    await using setup = setUpLog();
    let logger = await setup.startLogger();
    const ids = upTo(4).map((n) => `dsl-${n}`);
    // Standing still, it has connections and bytes in them that it will never read. All fits the clients' buffers.
    const welcomed = ids.map((workerId) =>
      setup.startWriter({ workerId, lines: 2000, burst: 1, maxPadding: 500 }),
    );
    await until('the first lines', () => statSync(setup.file).size > 20_000);
    for (let kill = 1; kill <= 3; kill += 1) {
      logger.kill('SIGSTOP');
      if (kill === 3) await Promise.all(welcomed.map((writer) => writer.handedOver));
      await setup.killLogger(logger);
      logger = await setup.startLogger();
    }
    expect(readdirSync(setup.rawDir)).to.deep.equal([]);
    await Promise.all(welcomed.map((writer) => writer.exited));
    expect(await setup.stopLogger(logger)).to.equal(0);
    const seqs = seqsByProcess(setup.lines(), 'written');
    for (const id of ids) expect(seqs.get(id)).to.deep.equal(upTo(2000));
  });

  it('does not stall writers while it stands still, and takes their lines in order afterwards', async () => {
    await using setup = setUpLog();
    const logger = await setup.startLogger();
    const early = setup.startWriter({ workerId: 'sql-1', lines: 50 });
    await early.exited;
    logger.kill('SIGSTOP');
    const writers = ['sql-2', 'sql-3'].map((workerId) =>
      setup.startWriter({ workerId, lines: 4000, maxPadding: 8000, burst: 20 }),
    );
    // Four times the buffer each, and nobody to read it: this can only resolve if lines go round the socket.
    await Promise.all(writers.map((writer) => writer.handedOver));
    expect(readdirSync(setup.rawDir).filter((name) => name.startsWith('spill-'))).to.not.be.empty;
    logger.kill('SIGCONT');
    await Promise.all(writers.map((writer) => writer.exited));
    expect(await setup.stopLogger(logger)).to.equal(0);
    const seqs = seqsByProcess(setup.lines(), 'written');
    expect(seqs.get('sql-1')).to.deep.equal(upTo(50));
    for (const id of ['sql-2', 'sql-3']) expect(seqs.get(id)).to.deep.equal(upTo(4000));
  });

  it('merges what processes spilled that ended while there was no logger', async () => {
    await using setup = setUpLog();
    await setup.startWriter({ workerId: 'dsl-1', lines: 300, end: 'exit' }).exited;
    await setup.startWriter({ workerId: 'dsl-2', lines: 2000, maxBufferedCharacters: 10_000, end: 'exit' })
      .exited;
    const logger = await setup.startLogger();
    await until('spill files merged', () => readdirSync(setup.rawDir).length === 0);
    expect(await setup.stopLogger(logger)).to.equal(0);
    const seqs = seqsByProcess(setup.lines(), 'written');
    expect(seqs.get('dsl-1')).to.deep.equal(upTo(300));
    expect(seqs.get('dsl-2')).to.deep.equal(upTo(2000));
  });

  it('merges what the monitor rescued of an earlier run', async () => {
    await using earlier = setUpLog();
    await earlier.startWriter({ workerId: 'sql-1', lines: 500, end: 'exit' }).exited;
    await using setup = setUpLog();
    for (const name of readdirSync(earlier.rawDir)) {
      renameSync(join(earlier.rawDir, name), join(setup.rawDir, name));
    }
    appendFileSync(join(setup.rawDir, 'old-sql-1.log'), 'Abor');
    const logger = await setup.startLogger();
    await until('all is merged', () => readdirSync(setup.rawDir).length === 0);
    expect(await setup.stopLogger(logger)).to.equal(0);
    const lines = setup.lines();
    expect(seqsByProcess(lines, 'written').get('sql-1')).to.deep.equal(upTo(500));
    const raw = lines.find((line) => line.event === 'raw-output');
    expect(raw).to.include({ text: 'Abor', unfinished: true, process: 'old-sql-1', role: 'sql' });
  });

  it('counts what had to be dropped because there was neither a logger nor a place to spill', async () => {
    await using setup = setUpLog();
    rmSync(setup.rawDir, { recursive: true });
    const identity = {
      role: 'server',
      workerId: 'server-1',
      runDir: setup.runDir,
      logSocket: setup.logSocket,
    };
    const client = createLogClient({ identity, level: 'info', maxBufferedCharacters: 20_000 });
    for (let n = 1; n <= 1000; n += 1) client.info('written', { n });
    mkdirSync(setup.rawDir);
    const logger = await setup.startLogger();
    await client.close(30_000);
    expect(await setup.stopLogger(logger)).to.equal(0);
    const lines = setup.lines().filter((line) => line.process === 'server-1');
    const [dropped] = lines.filter((line) => line.event === 'log-lines-dropped');
    const seqs = lines.map((line) => line.seq);
    expect(dropped).to.include({ level: 'warn', fromSeq: 1, toSeq: seqs[0]! - 1, count: seqs[0]! - 1 });
    expect(seqs).to.deep.equal(upTo(1001).slice(seqs[0]! - 1));
  });

  it('takes raw output line by line, unfinished ends too, over its own death', async () => {
    await using setup = setUpLog();
    const texts = (): unknown[] =>
      setup.lines().flatMap((line) => (line.event === 'raw-output' ? [line.text] : []));
    let logger = await setup.startLogger();
    const raw = join(setup.rawDir, 'dsl-7.log');
    appendFileSync(raw, 'first\n\n{"looks":"like json"}\nsec');
    await until('the lines', () => texts().length === 3);
    await setup.killLogger(logger);
    appendFileSync(raw, 'ond\npassword=hunter2 Fatal ');
    logger = await setup.startLogger();
    await until('the second line', () => texts().includes('second'));
    appendFileSync(raw, 'error');
    expect(await setup.stopLogger(logger)).to.equal(0);
    const found = setup.lines().filter((line) => line.event === 'raw-output');
    expect(found.map((line) => line.text).slice(0, 4)).to.deep.equal([
      'first',
      '',
      '{"looks":"like json"}',
      'second',
    ]);
    expect(
      found
        .slice(4)
        .map((line) => line.text)
        .join(''),
    ).to.equal('password=*** Fatal error');
    expect(found[0]).to.include({ process: 'dsl-7', role: 'dsl', level: 'warn' });
    expect(found.at(-1)).to.include({ unfinished: true });
  });

  it('removes the raw output file of a process that is gone', async () => {
    await using setup = setUpLog();
    const logger = await setup.startLogger();
    const raw = join(setup.rawDir, 'dsl-8.log');
    appendFileSync(raw, 'Segmentation fault');
    const writer = setup.startWriter({ workerId: 'dsl-8', lines: 10 });
    await writer.exited;
    await until('its file is gone', () => !existsSync(raw));
    expect(await setup.stopLogger(logger)).to.equal(0);
    const output = setup.lines().find((line) => line.event === 'raw-output');
    expect(output).to.include({ text: 'Segmentation fault', process: 'dsl-8' });
    expect(readdirSync(setup.rawDir)).to.deep.equal([]);
  });

  it('rotates in mid-burst', async () => {
    await using setup = setUpLog({ maxBytes: 1_000_000, maxFiles: 60 });
    const logger = await setup.startLogger();
    const ids = ['sql-1', 'sql-2', 'sql-3', 'sql-4'];
    const writers = ids.map((workerId) => setup.startWriter({ workerId, lines: 1500, maxPadding: 8000 }));
    await Promise.all(writers.map((writer) => writer.exited));
    expect(await setup.stopLogger(logger)).to.equal(0);
    const files = logFiles(setup.file);
    expect(files.length).to.be.greaterThan(20);
    expect(files.filter((path) => path.endsWith('.gz'))).not.to.be.empty;
    for (const path of files) expect(statSync(path).size).to.be.at.most(1_000_000);
    const seqs = seqsByProcess(setup.lines(), 'written');
    for (const id of ids) expect(seqs.get(id)).to.deep.equal(upTo(1500));
  });

  it('goes on in a new file on USR2, for those who moved the old one away', async () => {
    await using setup = setUpLog();
    const logger = await setup.startLogger();
    await setup.startWriter({ workerId: 'sql-1', lines: 10 }).exited;
    renameSync(setup.file, `${setup.file}.9`);
    await setup.startWriter({ workerId: 'sql-2', lines: 10 }).exited;
    logger.kill('SIGUSR2');
    await until('the new file', () => existsSync(setup.file));
    await setup.startWriter({ workerId: 'sql-3', lines: 10 }).exited;
    expect(await setup.stopLogger(logger)).to.equal(0);
    expect([...seqsByProcess(readLines(`${setup.file}.9`), 'written').keys()]).to.deep.equal([
      'sql-1',
      'sql-2',
    ]);
    expect([...seqsByProcess(readLines(setup.file), 'written').keys()]).to.deep.equal(['sql-3']);
  });

  it('removes what a writer that was killed left of a line, and goes on', async () => {
    await using setup = setUpLog();
    appendFileSync(setup.file, '{"time":"whole"}\n{"time":"2026-01-01T00:00:00.000Z","level":"in');
    const logger = await setup.startLogger();
    expect(await setup.stopLogger(logger)).to.equal(0);
    const lines = setup.lines();
    expect(lines[0]).to.deep.equal({ time: 'whole' });
    expect(lines.slice(1).map((line) => line.event)).to.deep.equal(['ready', 'stopped']);
  });

  it('finds the lines of one query in 100 MB, over rotated files', async () => {
    await using setup = setUpLog();
    const old = rotatedPath(setup.file, '2026-01-01', 1);
    writeLog(
      old,
      60_000_000,
      new Map([
        [17, 'first'],
        [5000, 'q-old'],
      ]),
    );
    writeLog(
      setup.file,
      40_000_000,
      new Map([
        [9, 'q-old'],
        [10, 'q-new'],
      ]),
    );
    const logger = await setup.startLogger();
    const { search } = createLogSearch({ logSocket: setup.logSocket });
    const both = await search({ queryId: 'q-old', limit: 10 });
    expect(both.truncated).to.equal(false);
    expect(both.lines).to.have.length(2);
    expect((await search({ queryId: 'q-old', limit: 1 })).truncated).to.equal(true);
    expect((await search({ queryId: 'first', limit: 10 })).lines).to.have.length(1);
    expect((await search({ queryId: 'q-ol', limit: 10 })).lines).to.have.length(0);
    const newest = (await search({ limit: 1 })).lines as LogLine[];
    expect(newest[0]!.event).to.equal('ready');
    expect(await setup.stopLogger(logger)).to.equal(0);
  });
});

/** A log of about `bytes`; `queryIds` by line number, all others have their own. */
function writeLog(path: string, bytes: number, queryIds: ReadonlyMap<number, string>): void {
  const format = createLineFormatter({ process: 'sql-1', role: 'sql', pid: 1, stream: 'aaaaaaaa' });
  const fd = openSync(path, 'w');
  let seq = 0;
  for (let written = 0; written < bytes; ) {
    let batch = '';
    for (let i = 0; i < 2000; i += 1) {
      seq += 1;
      const queryId = queryIds.get(seq) ?? `other-${seq}`;
      batch += `${format('info', 'query-done', { queryId, padding: 'x'.repeat(seq % 300) }, seq)}\n`;
    }
    written += writeSync(fd, batch);
  }
  closeSync(fd);
}
