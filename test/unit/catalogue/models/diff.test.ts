import { expect } from 'chai';
import { readDefinition } from '../../../../catalogue/models/definition.ts';
import { diffOf } from '../../../../catalogue/models/diff.ts';

const model = (more: object) => readDefinition({ name: 'm', query: 'select 1\n| head 1\n| head 2', ...more });

describe('the difference between two versions of a model', () => {
  it('is told member by member, and texts line by line', () => {
    const changes = diffOf(
      model({ tags: ['a'], owner: 'kim' }),
      model({ query: 'select 1\n| head 3\n| head 2\n| head 4', tags: ['a'], description: 'new' }),
    );
    expect(changes).to.deep.equal([
      { member: 'owner', before: 'kim' },
      {
        member: 'query',
        before: 'select 1\n| head 1\n| head 2',
        after: 'select 1\n| head 3\n| head 2\n| head 4',
        lines: ['  select 1', '- | head 1', '+ | head 3', '  | head 2', '+ | head 4'],
      },
      { member: 'description', after: 'new' },
    ]);
    expect(diffOf(model({}), model({}))).to.deep.equal([]);
  });

  it('has every line of both, whatever they are', () => {
    for (const [before, after] of [
      ['a\nb\nc', 'c\nb\na'],
      ['a\na\na', 'a\na'],
      ['x\ny', 'p\nx\nq\ny\nr'],
      [`${'same\n'.repeat(3000)}a`, `b\n${'other\n'.repeat(3000)}a`],
    ] as const) {
      const [query] = diffOf(model({ query: before }), model({ query: after }));
      const of = (signs: string) =>
        query!.lines!.filter((line) => signs.includes(line[0]!)).map((line) => line.slice(2));
      expect(of(' -').join('\n')).to.equal(before);
      expect(of(' +').join('\n')).to.equal(after);
    }
  });
});
