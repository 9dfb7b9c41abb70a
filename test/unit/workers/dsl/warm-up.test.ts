import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { registerInputFunction } from '../../../../workers/dsl/chunks/input-function.ts';
import type { Engine } from '../../../../workers/dsl/engine.ts';
import { createFifos } from '../../../../workers/dsl/fifo.ts';
import { warmUp } from '../../../../workers/dsl/warm-up.ts';
import { withEngine } from './support.ts';

describe('the first queries of a DSL worker', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-warm-up-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('go both ways of an answer, and leave nothing behind', async function () {
    this.timeout(20_000);
    const pipes = { inputs: [join(dir, 'input')], answer: join(dir, 'answer') };
    createFifos([pipes.answer]);
    await withEngine(async (connection) => {
      const asked: string[] = [];
      const told: Pick<Engine, 'inputs'> = { inputs: null };
      registerInputFunction(connection, (index) => told.inputs!.sourceOf(index));
      const [run, prepare] = [connection.run.bind(connection), connection.prepare.bind(connection)];
      connection.run = (...args) => {
        asked.push('through the pipe');
        return run(...args);
      };
      connection.prepare = (...args) => {
        asked.push('short');
        return prepare(...args);
      };
      const engine = Object.assign(told, { connection, renew: async () => {}, close: () => {} });
      await warmUp(engine, pipes);
      expect(new Set(asked)).to.deep.equal(new Set(['through the pipe', 'short']));
      expect(told.inputs).to.equal(null);
      // Nothing is left of it, for the next query.
      await warmUp(engine, pipes);
    });
  });
});
