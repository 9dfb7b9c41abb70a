import { expect } from 'chai';
import { expectColumns, expectParameters } from '../../../../connectors/kit/stale-plan.ts';
import { QueryError } from '../../../../core/protocol/errors.ts';
import type { NativeType } from '../../../../core/protocol/types.ts';

/** Types of a database that nobody here knows. */
const native = (value: unknown): NativeType => value as NativeType;

function codeOf(run: () => void): string | null {
  try {
    run();
    return null;
  } catch (thrown) {
    return thrown instanceof QueryError ? thrown.code : String(thrown);
  }
}

describe('a plan that may be stale', () => {
  const kinds = ['integer', 17, { name: 'decimal', size: [10, 2] }, { name: 'decimal', size: [10, 3] }, null];

  it('tells columns apart by native types of any shape, and takes what came as JSON for the same', () => {
    for (const expected of kinds)
      for (const found of kinds) {
        const came = JSON.parse(JSON.stringify(expected)) as unknown;
        const compare = () =>
          expectColumns([{ name: 'a', type: native(came) }], [{ name: 'a', type: native(found) }]);
        expect(codeOf(compare)).to.equal(expected === found ? null : 'stale-plan');
        const parameters = () => expectParameters([native(came)], [native(found)]);
        expect(codeOf(parameters)).to.equal(expected === found ? null : 'stale-plan');
      }
  });

  it('notices other names, and more or fewer of them', () => {
    const column = (name: string) => ({ name, type: native('integer') });
    expect(codeOf(() => expectColumns([column('a')], [column('b')]))).to.equal('stale-plan');
    expect(codeOf(() => expectColumns([column('a')], []))).to.equal('stale-plan');
    expect(codeOf(() => expectColumns([], [column('a')]))).to.equal('stale-plan');
    expect(codeOf(() => expectParameters([native(1)], []))).to.equal('stale-plan');
  });
});
