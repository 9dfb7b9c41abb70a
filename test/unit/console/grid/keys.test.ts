import { expect } from 'chai';
import { movedBy } from '../../../../console/grid/keys.ts';

describe('movedBy', () => {
  const from = { row: 5, column: 2 };
  const cases = [
    ['ArrowDown', false, { row: 6, column: 2 }],
    ['ArrowUp', true, { row: 0, column: 2 }],
    ['ArrowRight', true, { row: 5, column: 3 }],
    ['PageUp', false, { row: 0, column: 2 }],
    ['Home', false, { row: 5, column: 0 }],
    ['End', true, { row: 9, column: 3 }],
    ['x', false, null],
  ] as const;
  for (const [key, isFar, to] of cases)
    it(`${key}${isFar ? ' with Ctrl' : ''}`, () => {
      expect(movedBy(key, isFar, from, 10, 4)).to.deep.equal(to);
    });

  it('begins at the first cell, and moves nowhere without rows', () => {
    expect(movedBy('End', true, null, 10, 4)).to.deep.equal({ row: 0, column: 0 });
    expect(movedBy('End', true, from, 0, 4)).to.equal(null);
  });
});
