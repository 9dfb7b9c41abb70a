import { expect } from 'chai';
import { anonymousAt } from '../../../../core/protocol/principal.ts';
import { answerKey, type KeyPlace } from '../../../../server/cache/answer-key.ts';
import type { QueryRequest } from '../../../../server/http/request/query-request.ts';

const PLACE: KeyPlace = { engines: 'e', connection: 'main', connectionVersion: 'v1', dialect: 'postgres' };
const ASKED: QueryRequest = {
  text: 'select 1',
  ...{ connection: null, parameters: {}, capRows: null, timeoutMs: null, pushdown: 'auto' },
  ...{ language: null, model: null, wasEncrypted: false },
  answer: { format: 'json', rows: 'objects', numbers: 'number', end: 'line' },
};

const keyOf = (asked: Partial<QueryRequest>, place: Partial<KeyPlace> = {}, scope?: string): string => {
  const principal = anonymousAt('127.0.0.1');
  const asks = scope === undefined ? principal : { ...principal, scope };
  return answerKey({ ...ASKED, ...asked }, asks, { ...PLACE, ...place });
};

describe('the key of an answer', () => {
  it('is the same for the same request, and a file name', () => {
    const parameters = { a: 1, b: 'x' };
    expect(keyOf({ parameters })).to.equal(keyOf({ parameters: { b: 'x', a: 1 } }));
    expect(keyOf({ text: ' select\n1 ' })).to.equal(keyOf({}));
    expect(keyOf({})).to.match(/^[0-9a-f]{48}$/);
  });

  it('is another one for each part that differs', () => {
    const keys = [
      keyOf({}),
      keyOf({}, {}, 'another scope'),
      ...[
        keyOf({}, { engines: 'f' }),
        keyOf({}, { connection: 'mai' }),
        keyOf({}, { connectionVersion: 'v' }),
      ],
      ...[keyOf({ pushdown: 'off' }), keyOf({ capRows: 1 }), keyOf({ capRows: 0 })],
      ...[keyOf({ language: 'legacy' }), keyOf({ language: 'legacy', model: 'm' })],
      keyOf({ language: 'legacy', model: 'null' }),
      ...(['ndjson', 'csv', 'arrow'] as const).map((format) =>
        keyOf({ answer: { ...ASKED.answer, format } }),
      ),
      keyOf({ answer: { ...ASKED.answer, format: 'ndjson', end: 'none' } }),
      keyOf({ answer: { ...ASKED.answer, rows: 'arrays' } }),
      keyOf({ answer: { ...ASKED.answer, numbers: 'string' } }),
    ];
    expect(new Set(keys).size).to.equal(keys.length);
  });

  it('is another one for each kind, name and value of parameters, wherever one ends and the next begins', () => {
    const keys = [
      ...[
        {},
        { a: null },
        { a: 'null' },
        { a: '-' },
        { a: '' },
        { a: 1 },
        { a: '1' },
        { a: true },
        { a: 'true' },
      ],
      ...[{ a: ['1'] }, { a: [1] }, { a: '{1}' }, { a: '{"1"}' }],
      ...[{ a: '', b: '' }, { a: '1:b', b: '' }, { a: '', b: '1:b' }, { ab: '' }, { 'a1:b': '' }],
      ...[{ a: '0:6:string1:b' }, { a: 'x', b: 'y' }, { a: 'y', b: 'x' }],
    ].map((parameters) => keyOf({ parameters }));
    expect(new Set(keys).size).to.equal(keys.length);
    expect(keyOf({ text: '1:x', language: 'legacy', model: 'y' })).not.to.equal(
      keyOf({ text: 'x', language: 'legacy', model: 'y1:' }),
    );
  });

  it('tells halves of characters apart, which UTF-8 has one letter for', () => {
    const keys = ['\ud800', '\ud801', '\ufffd', '"\\ud800"'].map((model) =>
      keyOf({ language: 'legacy', model }),
    );
    expect(new Set(keys).size).to.equal(keys.length);
  });
});
