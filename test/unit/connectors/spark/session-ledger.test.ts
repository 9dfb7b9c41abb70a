import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { SessionLedger } from '../../../../connectors/spark/session-ledger.ts';

describe('the ledger of sessions in Spark', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-ledger-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const files = () => readdirSync(dir).flatMap((folder) => readdirSync(join(dir, folder)));

  it('has a file for each session from its begin to its end', () => {
    const ledger = SessionLedger.open(dir, 'lake');
    const [one, other] = [randomUUID(), randomUUID()];
    ledger.begin(one);
    ledger.begin(other);
    ledger.end(one);
    ledger.end(one);
    expect(files()).to.deep.equal([`${process.pid}.${other}`]);
  });

  it('gives what a process left that is gone, once, and nothing of those that live', () => {
    const ledger = SessionLedger.open(dir, 'lake');
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const [left, own] = [randomUUID(), randomUUID()];
    ledger.begin(own);
    const [folder] = readdirSync(dir);
    writeFileSync(join(dir, folder!, `${gone}.${left}`), '');
    writeFileSync(join(dir, folder!, 'something else'), '');
    expect(ledger.takeLeft()).to.deep.equal([left]);
    expect(ledger.takeLeft()).to.deep.equal([]);
    expect(files()).to.include.members([`${process.pid}.${left}`, `${process.pid}.${own}`]);
    ledger.end(left);
    expect(files()).to.not.include(`${process.pid}.${left}`);
  });

  it('keeps connections apart', () => {
    SessionLedger.open(dir, 'lake').begin(randomUUID());
    SessionLedger.open(dir, '../lake').begin(randomUUID());
    expect(readdirSync(dir)).to.have.length(2);
  });
});
