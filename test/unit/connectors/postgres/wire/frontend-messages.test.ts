import { expect } from 'chai';
import { serialize } from 'pg-protocol';
import {
  bindMessage,
  executeMessage,
  functionCallMessage,
  parseMessage,
  queryMessage,
} from '../../../../../connectors/postgres/wire/frontend-messages.ts';

const TEXTS = ['', 'select 1', "select 'größe', '\u{1f600}'", 'x'.repeat(70_000)];

describe('messages to the database', () => {
  it('are byte for byte those of pg-protocol', () => {
    for (const text of TEXTS) {
      expect(parseMessage(text).equals(serialize.parse({ text })), text.slice(0, 20)).to.equal(true);
      expect(queryMessage(text).equals(serialize.query(text)), text.slice(0, 20)).to.equal(true);
    }
    expect(bindMessage([]).equals(serialize.bind({ values: [] }))).to.equal(true);
    expect(bindMessage(['a', null]).equals(serialize.bind({ values: ['a', null] }))).to.equal(true);
    expect(executeMessage(0).equals(serialize.execute())).to.equal(true);
    expect(executeMessage(7).equals(serialize.execute({ rows: 7 }))).to.equal(true);
  });

  it('keep what was made once when others are made after it', () => {
    const nothing = Buffer.from(bindMessage([]));
    for (let index = 0; index < 100; index++) serialize.bind({ values: ['x'.repeat(index)] });
    expect(bindMessage([]).equals(nothing)).to.equal(true);
  });

  it('call a function without arguments', () => {
    expect(functionCallMessage(2892).toString('hex')).to.equal('460000000e00000b4c000000000000');
  });

  it('refuse more parameters than the protocol has', () => {
    expect(() => bindMessage(Array.from({ length: 65_536 }, () => null))).to.throw(
      '65536 parameters are too many',
    );
  });
});
