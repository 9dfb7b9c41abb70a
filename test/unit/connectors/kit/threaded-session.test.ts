import { execFileSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openThread } from '../../../../connectors/kit/threaded-session.ts';

const threadOf = (code: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`import { parentPort, workerData } from 'node:worker_threads'; ${code}`)}`,
  );

const failureOf = (code: string, timeoutMs: number): Promise<Error> =>
  openThread(threadOf(code), null, timeoutMs).then(
    () => expect.fail('it opened'),
    (error: Error) => error,
  );

describe('opening a session on a thread', () => {
  it('fails when the thread ends before it is open, with or without an error', async () => {
    expect((await failureOf('process.exit(0)', 60_000)).message).to.equal('the thread that opens it ended');
    expect((await failureOf("throw new Error('broken')", 60_000)).message).to.equal('broken');
  });

  it('fails when the thread says nothing in its time, and ends the thread', async () => {
    const error = await failureOf('setInterval(() => {}, 1000)', 50);
    expect(error.message).to.equal('it was not open within 50 ms');
  });

  it('fails with what the thread says is wrong', async () => {
    const failed = "parentPort.postMessage({ type: 'failed', message: 'no file', code: 'ENOENT' })";
    expect(await failureOf(failed, 60_000)).to.include({ message: 'no file', code: 'ENOENT' });
  });

  it('gives a session that is usable until its thread ends', async () => {
    const session = await openThread(
      threadOf("parentPort.on('message', () => {}); parentPort.postMessage({ type: 'ready' })"),
      null,
      60_000,
    );
    expect(session.usable).to.equal(true);
    const dead = new Promise<void>((resolve) => session.onDead(resolve));
    const ended = session.end();
    expect(session.usable, 'while it ends').to.equal(false);
    await ended;
    await dead;
    expect(session.usable).to.equal(false);
  });

  it('closes nothing of other connections when its thread ends, after a pipe of the thread had the same number', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'forkline-thread-'));
    const pipe = join(dir, 'rows');
    execFileSync('mkfifo', [pipe]);
    const code = `
      const { openSync, constants } = await import('node:fs');
      const { Socket } = await import('node:net');
      const fd = openSync(${JSON.stringify(pipe)}, constants.O_RDWR | constants.O_NONBLOCK);
      new Socket({ fd, readable: false, writable: true }).on('close', () => {
        parentPort.on('message', () => {});
        parentPort.postMessage({ type: 'ready' });
      }).destroy();`;
    const session = await openThread(threadOf(code), null, 60_000);
    const others = Array.from({ length: 16 }, () => openSync('/dev/null', 'r'));
    await session.end();
    try {
      for (const fd of others) expect(fstatSync(fd).isCharacterDevice()).to.equal(true);
    } finally {
      for (const fd of others) closeSync(fd);
      await rm(dir, { recursive: true });
    }
  });

  it('closes the file of its thread when that ends', async () => {
    const open =
      "Atomics.store(workerData.openFile, 0, (await import('node:fs')).openSync('/dev/null', 'r'));";
    const say = "parentPort.on('message', () => {}); parentPort.postMessage({ type: 'ready' });";
    const before = descriptors();
    const session = await openThread(threadOf(`${open} ${say}`), null, 60_000);
    expect(descriptors()).to.have.length.above(before.length);
    await session.end();
    expect(descriptors().filter((name) => !before.includes(name) && leadsToNull(name))).to.deep.equal([]);
  });
});

const descriptors = (): string[] => readdirSync('/proc/self/fd');

function leadsToNull(descriptor: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`) === '/dev/null';
  } catch {
    return false; // the list's own
  }
}
