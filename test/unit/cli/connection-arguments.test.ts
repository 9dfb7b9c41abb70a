import { expect } from 'chai';
import { connectionCommand } from '../../../cli/connection-arguments.ts';

describe('the command line of forkline connection', () => {
  it('reads each action', () => {
    expect(connectionCommand({}, ['list'])).to.deep.equal({ action: 'list', json: false });
    expect(connectionCommand({ json: true }, ['show', 'crm'])).to.deep.equal({
      action: 'show',
      connection: 'crm',
      json: true,
    });
    expect(connectionCommand({ reason: 'x' }, ['create', 'crm.yaml'])).to.deep.equal({
      action: 'create',
      file: 'crm.yaml',
      reason: 'x',
    });
    expect(connectionCommand({}, ['edit', 'crm'])).to.deep.equal({
      action: 'edit',
      connection: 'crm',
      reason: null,
    });
    expect(connectionCommand({}, ['remove', 'crm'])).to.deep.equal({
      action: 'remove',
      connection: 'crm',
      reason: null,
    });
    expect(connectionCommand({}, ['test', 'crm.yaml'])).to.deep.equal({
      action: 'test',
      subject: 'crm.yaml',
      json: false,
    });
  });

  it('says what is wrong', () => {
    const wrong: readonly (readonly [object, readonly string[], string])[] = [
      [{}, [], 'say what to do: forkline connection list, show, create, edit, remove, test'],
      [{}, ['drop', 'crm'], 'say what to do'],
      [{}, ['list', 'crm'], '"forkline connection list" takes no "crm"'],
      [{}, ['show'], 'write: forkline connection show NAME'],
      [{}, ['remove', 'a', 'b'], 'write: forkline connection remove NAME'],
      [{ reason: 'x' }, ['show', 'crm'], '"forkline connection show" has no option --reason'],
      [{ json: true }, ['remove', 'crm'], '"forkline connection remove" has no option --json'],
    ];
    for (const [values, rest, told] of wrong)
      expect(() => connectionCommand(values, rest), rest.join(' ')).to.throw(told);
  });
});
