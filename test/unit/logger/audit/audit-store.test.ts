import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AuditVerifier } from '../../../../core/audit/verify.ts';
import { createLineFormatter } from '../../../../core/logging/line.ts';
import { AuditStore } from '../../../../logger/audit/audit-store.ts';
import { LogFile } from '../../../../logger/store/log-file.ts';
import { silentLog } from '../../../support/keeping-log.ts';

const DAY_MS = 86_400_000;

describe('audit files', () => {
  let dir: string;
  let file: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-audit-'));
    file = join(dir, 'audit.jsonl');
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  const open = (nowMs = Date.now(), keepDays = 0) =>
    AuditStore.open(
      { file, rotateEvery: 'day', keepDays, headTo: null, headEverySeconds: 60 },
      silentLog,
      () => nowMs,
    );
  const source = { process: 'server-1', role: 'audit', pid: 1, stream: 'abcdefgh' };
  const format = createLineFormatter(source);
  const lines = (...seqs: readonly number[]) =>
    Buffer.from(seqs.map((seq) => `${format('info', 'query-begin', { note: 'ü "x"' }, seq)}\n`).join(''));
  const problems = (paths: readonly string[]) => {
    const verifier = new AuditVerifier({ mayBeginLate: false, expected: null });
    for (const path of paths)
      for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) verifier.add(line, path);
    return verifier.finish();
  };

  it('go on after a restart where they ended, and know what they have', async () => {
    const first = await open();
    await first.append(lines(1, 2));
    await first.stop();
    const second = await open();
    expect([second.head, second.lastSeq('abcdefgh')]).to.deep.equal([first.head, 2]);
    await second.append(lines(3));
    await second.stop();
    expect(problems([file])).to.deep.include({ lines: 3, problems: [], head: second.head });
  });

  it('are rotated by day, never by size, and the chain goes on from file to file', async () => {
    const start = Date.UTC(2030, 0, 1, 12);
    const store = await open(start);
    for (let seq = 1; seq <= 300; seq++) await store.append(lines(seq));
    expect(readdirSync(dir).filter((name) => !name.endsWith('.index'))).to.deep.equal(['audit.jsonl']);
    await store.stop();
    const next = await open(start + DAY_MS);
    await next.append(lines(301));
    await next.stop();
    const rotated = readdirSync(dir).filter(
      (name) => /^audit\.jsonl\.\d/.test(name) && !name.endsWith('.index'),
    );
    expect(rotated.length).to.equal(1);
    expect(problems([join(dir, rotated[0]!), file])).to.deep.include({ lines: 301, problems: [] });
    // A crash after the renaming leaves an empty file, or none.
    rmSync(file);
    const third = await open(start + DAY_MS);
    expect(third.head.n).to.equal(300);
    await third.stop();
  });

  it('lose half a line that a crash left, and are not continued behind the line of somebody else', async () => {
    const store = await open();
    await store.append(lines(1, 2));
    await store.stop();
    const whole = readFileSync(file);
    writeFileSync(file, Buffer.concat([whole, whole.subarray(0, 50)]));
    const again = await open();
    await again.append(lines(3));
    await again.stop();
    expect(problems([file])).to.deep.include({ lines: 3, problems: [] });
    writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from('{"event":"forged"}\n')]));
    expect(await open().catch((error: Error) => error.message)).to.contain('its last line has no seal');
  });

  it('repeat nothing that stands in the file already', async () => {
    const store = await open();
    const once = lines(1);
    const { sync } = LogFile.prototype;
    LogFile.prototype.sync = () => Promise.reject(new Error('the disk refuses'));
    try {
      expect(await store.append(once).catch((error: Error) => error.message)).to.equal('the disk refuses');
    } finally {
      LogFile.prototype.sync = sync;
    }
    await store.append(once);
    await store.append(lines(2));
    await store.stop();
    expect(problems([file])).to.deep.include({ lines: 2, problems: [] });
  });
});
