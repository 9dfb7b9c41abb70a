import { expect } from 'chai';
import { openThread } from '../../../../connectors/kit/threaded-session.ts';

const threadOf = (code: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'; ${code}`)}`,
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
});
