import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { SessionLedger } from '../../../../connectors/spark/session-ledger.ts';
import { readBootId, readSample } from '../../../../core/process/proc.ts';

const OWN = `${process.pid}.${readSample(process.pid)?.startTicks}.${readBootId()}`;

describe('the ledger of sessions in Spark', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-ledger-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const files = () => readdirSync(dir).flatMap((folder) => readdirSync(join(dir, folder)));

  it('has a file for each session from its begin to its end', () => {
    const ledger = SessionLedger.open(dir, 'lake', 'host:15002 forkline');
    const [one, other] = [randomUUID(), randomUUID()];
    ledger.begin(one);
    ledger.begin(other);
    ledger.end(one);
    ledger.end(one);
    expect(files()).to.deep.equal([`${OWN}.${other}`]);
  });

  it('gives what a process left that is gone, once, and nothing of those that live', () => {
    const ledger = SessionLedger.open(dir, 'lake', 'host:15002 forkline');
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const [ofGone, ofOtherStart, ofOtherBoot, own] = Array.from({ length: 4 }, () => randomUUID());
    ledger.begin(own!);
    const [folder] = readdirSync(dir);
    const write = (name: string): void => writeFileSync(join(dir, folder!, name), '');
    const ticks = readSample(process.pid)!.startTicks;
    write(`${gone}.${ticks}.${readBootId()}.${ofGone}`);
    // Another run had a process of the same number.
    write(`${process.pid}.${ticks - 1}.${readBootId()}.${ofOtherStart}`);
    write(`${process.pid}.${ticks}.${randomUUID()}.${ofOtherBoot}`);
    write('something else');
    const left = [ofGone, ofOtherStart, ofOtherBoot];
    expect(ledger.takeLeft()).to.have.members(left);
    expect(ledger.takeLeft()).to.deep.equal([]);
    const ours = [...left, own].map((id) => `${OWN}.${id}`);
    expect(files()).to.have.members([...ours, 'something else']);
    for (const id of left) ledger.end(id!);
    expect(files()).to.have.members([`${OWN}.${own}`, 'something else']);
  });

  it('keeps connections and servers apart', () => {
    SessionLedger.open(dir, 'lake', 'host:15002 forkline').begin(randomUUID());
    SessionLedger.open(dir, '../lake', 'host:15002 forkline').begin(randomUUID());
    SessionLedger.open(dir, 'lake', 'other:15002 forkline').begin(randomUUID());
    expect(readdirSync(dir)).to.have.length(3);
  });
});
