/** The client's buffer against a plain model of it. */
import { expect } from 'chai';
import fc from 'fast-check';
import { LineQueue } from '../../../../core/logging/line-queue.ts';

describe('line queue', () => {
  it('sends each line once, and what was not acknowledged again after a rewind', () => {
    const queue = new LineQueue();
    for (const line of ['a', 'b', 'c']) queue.push(line);
    expect(queue.takeUnsent(1)).to.equal('a\n');
    expect(queue.takeUnsent(100)).to.equal('b\nc\n');
    expect(queue.takeUnsent(100)).to.equal(null);
    queue.acknowledge(1);
    queue.rewind();
    expect(queue.takeUnsent(100)).to.equal('b\nc\n');
    queue.acknowledge(3);
    expect(queue.firstSeq).to.equal(4);
    expect(queue.characters).to.equal(0);
  });

  it('drops the oldest and says which', () => {
    const queue = new LineQueue();
    for (let n = 0; n < 10; n += 1) queue.push('123456789');
    expect(queue.dropOldest(35)).to.deep.equal({ fromSeq: 1, toSeq: 7 });
    expect(queue.dropOldest(35)).to.equal(null);
    expect(queue.lines()).to.have.length(3);
  });

  it('keeps a gapless range in order under any sequence of calls', () => {
    const step = fc.oneof(
      fc.record({ call: fc.constant('push' as const), n: fc.integer({ min: 1, max: 9000 }) }),
      fc.record({
        call: fc.constantFrom('take' as const, 'acknowledge' as const, 'rewind' as const, 'drop' as const),
        n: fc.nat(9000),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const queue = new LineQueue();
        let model: number[] = [];
        let next = 1;
        let sent = 0;
        for (const { call, n } of steps) {
          if (call === 'push') {
            for (let i = 0; i < n; i += 1, next += 1) {
              queue.push(String(next));
              model.push(next);
            }
          } else if (call === 'acknowledge') {
            queue.acknowledge(n);
            model = model.filter((seq) => seq > n);
          } else if (call === 'rewind') {
            queue.rewind();
            sent = 0;
          } else if (call === 'drop') {
            const range = queue.dropOldest(n);
            const left = queue.lines().length;
            if (range !== null)
              expect(range).to.deep.equal({
                fromSeq: model[0],
                toSeq: model.at(-left - 1) ?? next - 1 - left,
              });
            model = left === 0 ? [] : model.slice(-left);
          } else {
            const unsent = model.filter((seq) => seq > sent);
            const batch = queue.takeUnsent(n + 1);
            if (unsent.length === 0) expect(batch).to.equal(null);
            else {
              const seqs = batch!.trimEnd().split('\n').map(Number);
              expect(seqs).to.deep.equal(unsent.slice(0, seqs.length));
              sent = seqs.at(-1)!;
            }
          }
          expect(queue.lines().join('')).to.equal(model.map((seq) => `${seq}\n`).join(''));
          expect(queue.nextSeq).to.equal(next);
          expect(queue.firstSeq).to.equal(model[0] ?? next);
          expect(queue.characters).to.equal(queue.lines().join('').length);
        }
      }),
      { numRuns: 50 },
    );
  });
});
