import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import type { ScaleReply } from '../../../core/protocol/control.ts';
import { ControlError, ControlServer, parseRequest } from '../../../monitor/control.ts';
import { maxSizesOf } from '../../../monitor/pools/definition.ts';
import { POOL_TABLE } from '../../../monitor/pools/table.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const MAX_SIZES = maxSizesOf(POOL_TABLE);

const failure = (line: string): string => {
  try {
    parseRequest(line, MAX_SIZES);
    return 'none';
  } catch (thrown) {
    if (thrown instanceof ControlError) return thrown.message;
    throw thrown;
  }
};

describe('control socket', () => {
  it('takes requests that are well formed', () => {
    expect(parseRequest('{"type":"status"}', MAX_SIZES)).to.deep.equal({ type: 'status' });
    expect(parseRequest('{"type":"scale","sizes":{"dsl":3}}', MAX_SIZES)).to.deep.equal({
      type: 'scale',
      sizes: { dsl: 3 },
    });
  });

  it('says what is wrong with others', () => {
    expect(failure('nonsense')).to.equal('a request is one line with a JSON object');
    expect(failure('3')).to.equal('a request is one line with a JSON object');
    expect(failure('{"type":"stop"}')).to.equal('there is no request "stop"');
    expect(failure('{"type":"scale"}')).to.equal('"sizes" must be an object');
    expect(failure('{"type":"scale","sizes":{}}')).to.equal('say what to scale: sql=N, dsl=N');
    expect(failure('{"type":"scale","sizes":{"web":1}}')).to.match(/^there is no pool "web"/);
    for (const size of ['0', '65', '1.5', '"4"', 'null'])
      expect(failure(`{"type":"scale","sizes":{"sql":${size}}}`)).to.match(/^sql must be a whole number/);
  });

  it('answers one line to each connection, for the same user only, and survives those that break off', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'forkline-control-'));
    const path = join(dir, 'control.sock');
    const sizes = { sql: 2, dsl: 3 };
    const reply: ScaleReply = { before: sizes, after: { ...sizes, sql: 4 } };
    const server = new ControlServer({
      log: silent,
      maxSizes: MAX_SIZES,
      scale: () => reply,
      status: () => {
        throw new Error('broken');
      },
    });
    await server.listen(path);
    try {
      expect((await stat(path)).mode & 0o777).to.equal(0o600);
      const gone = connect(path);
      await once(gone, 'connect');
      gone.destroy();
      const flood = connect(path);
      flood.on('error', () => {}); // the answer is cut off in the middle of writing
      flood.write('x'.repeat(200_000));
      await new Promise((resolve) => flood.once('close', resolve)); // `once` would reject for the error
      const ask = async (line: string): Promise<unknown> => {
        const socket = connect(path);
        socket.write(`${line}\n`);
        return JSON.parse(await text(socket));
      };
      expect(await ask('{"type":"scale","sizes":{"sql":4}}')).to.deep.equal({ ok: true, value: reply });
      expect(await ask('{')).to.have.property('ok', false);
      expect(await ask('{"type":"status"}')).to.deep.equal({
        ok: false,
        message: 'the monitor failed to answer; its log says why',
      });
    } finally {
      server.close();
      await rm(dir, { recursive: true });
    }
  });
});
