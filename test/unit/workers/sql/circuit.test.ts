import { EventEmitter, once } from 'node:events';
import { expect } from 'chai';
import { Circuit, CircuitClosedError } from '../../../../workers/sql/circuit.ts';

const down = (): Promise<never> => Promise.reject(new Error('down'));

/** A circuit with short times that tells of its failures. */
function openCircuit() {
  const events = new EventEmitter();
  const backoffs: number[] = [];
  let recoveries = 0;
  const circuit = new Circuit({
    minBackoffMs: 2,
    maxBackoffMs: 8,
    onFailure(_, retryInMs) {
      backoffs.push(retryInMs);
      events.emit('failure');
    },
    onRecovery: () => recoveries++,
  });
  return { circuit, events, backoffs, recoveries: () => recoveries };
}

describe('circuit', () => {
  it('lets one caller probe, backs off, and gives everybody a connection in the end', async () => {
    const { circuit, backoffs, recoveries } = openCircuit();
    let attempts = 0;
    let underWay = 0;
    const overlaps: number[] = [];
    const attempt = async (): Promise<string> => {
      const number = ++attempts;
      overlaps.push(++underWay);
      await new Promise(setImmediate);
      underWay--;
      if (number < 12) throw new Error('down');
      return 'connected';
    };
    const all = await Promise.all(Array.from({ length: 5 }, () => circuit.connect(attempt)));
    expect(all).to.deep.equal(Array(5).fill('connected'));
    expect(overlaps.slice(0, 12)).to.deep.equal([1, 2, 3, 4, 5, 1, 1, 1, 1, 1, 1, 1]);
    // The five that began while it was closed count as one failure; then the probes.
    expect(backoffs.slice(0, 4)).to.deep.equal([2, 4, 8, 8]);
    expect(recoveries()).to.equal(1);
    expect(circuit.state).to.equal('closed');
    expect(circuit.lastFailure).to.equal(null);
  });

  it('is open between the probes and knows why', async () => {
    const { circuit, events } = openCircuit();
    const waiting = circuit.connect(down);
    await once(events, 'failure');
    expect(circuit.state).to.equal('open');
    expect(circuit.lastFailure).to.have.property('message', 'down');
    circuit.close();
    expect(await waiting.catch((thrown: unknown) => thrown)).to.be.instanceOf(CircuitClosedError);
  });
});
