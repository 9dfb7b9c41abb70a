/** A log call makes of its fields always one line of JSON, always the same head, never a secret. */
import { expect } from 'chai';
import fc from 'fast-check';
import { createLineFormatter, type LogLine, readStamp } from '../../../../core/logging/line.ts';
import { redactText } from '../../../../core/logging/redact.ts';

const SOURCE = { process: 'sql-3', role: 'sql', pid: 42, stream: 'abcd1234' };
const TIME = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const format = createLineFormatter(SOURCE, () => TIME);

function lineOf(fields?: object): LogLine {
  const text = format('warn', 'something', fields, 7);
  expect(text).not.to.include('\n');
  return JSON.parse(text) as LogLine;
}

const HEAD = { time: '2026-01-02T03:04:05.678Z', level: 'warn', ...SOURCE, seq: 7, event: 'something' };

describe('log line', () => {
  it('has its eight keys first, then the fields', () => {
    const line = lineOf({ queryId: 'q', rows: 3, ok: true, none: null, skipped: undefined });
    expect(line).to.deep.equal({ ...HEAD, queryId: 'q', rows: 3, ok: true, none: null });
    expect(Object.keys(line)).to.deep.equal([
      'time',
      'level',
      'process',
      'role',
      'pid',
      'stream',
      'seq',
      'event',
      'queryId',
      'rows',
      'ok',
      'none',
    ]);
  });

  it('prefixes fields that collide, without new collisions', () => {
    const line = lineOf({ level: 1, field_level: 2, pid: 3 });
    expect(line).to.deep.equal({ ...HEAD, field_level: 1, field_field_level: 2, field_pid: 3 });
  });

  it('writes what JSON cannot', () => {
    const circular: Record<string, unknown> = { name: 'a' };
    circular.self = circular;
    const line = lineOf({
      big: 12345678901234567890n,
      infinite: Number.POSITIVE_INFINITY,
      circular,
      when: new Date(TIME),
      map: new Map([[1, 'one']]),
      set: new Set([1n]),
      bytes: Buffer.alloc(5),
      run: () => {},
      many: Array.from({ length: 203 }, (_, i) => i),
    });
    expect(line).to.include({ big: '12345678901234567890', infinite: 'Infinity', bytes: '[5 bytes]' });
    expect(line.circular).to.deep.equal({ name: 'a', self: '[circular]' });
    expect(line.when).to.equal('2026-01-02T03:04:05.678Z');
    expect(line.map).to.deep.equal({ 1: 'one' });
    expect(line.set).to.deep.equal(['1']);
    expect(line).not.to.have.property('run');
    expect((line.many as unknown[]).at(-1)).to.equal('[+3 items]');
  });

  it('writes errors by their parts, causes too, and survives getters that throw', () => {
    const error = Object.assign(new TypeError('bad', { cause: new Error('deeper') }), {
      code: 'E1',
      detail: 'x',
    });
    const written = lineOf({ error }).error as Record<string, unknown>;
    expect(written)
      .to.include({ name: 'TypeError', message: 'bad', code: 'E1' })
      .and.not.have.property('detail');
    expect(written.stack).to.match(/^TypeError: bad\n +at /);
    expect(written.cause).to.include({ message: 'deeper' });
    expect(lineOf(error).error).to.include({ message: 'bad' });
    const trap = {
      get inner(): string {
        throw new Error('no');
      },
    };
    expect(lineOf({ trap }).trap).to.deep.equal({ inner: '[unreadable]' });
    expect(lineOf(trap)).to.include({ fields: '[unreadable]' });
  });

  it('keeps secrets out, by name and by look', () => {
    const url = 'postgresql://ann:s3cr@t/x@db:5432/main';
    const line = lineOf({
      password: 'p',
      apiToken: 't',
      clientSecret: 's',
      Authorization: 'Bearer z',
      url,
      tokens: 5,
      nested: { database_url: url, note: `at ${url} today` },
      message: `connect ${url} failed, password=hunter2 host=db`,
    });
    expect(JSON.stringify(line)).not.to.match(/s3cr|hunter2|Bearer|"p"|"t"|"s"/);
    expect(line.tokens).to.equal(5);
    expect(line.message).to.equal('connect postgresql://ann:***@db:5432/main failed, password=*** host=db');
    expect(line.nested).to.deep.equal({
      database_url: '***',
      note: 'at postgresql://ann:***@db:5432/main today',
    });
    expect(lineOf(new Error(`no: ${url}`)).error).to.have.property(
      'message',
      'no: postgresql://ann:***@db:5432/main',
    );
  });

  it('says what it cut of a long text, and never cuts a password from its @', () => {
    const long = 'x'.repeat(40_000);
    expect(redactText(long)).to.equal(`${'x'.repeat(32_768)}…[+7232 characters]`);
    const atTheCut = `${'x'.repeat(32_740)} postgres://ann:secret@db/main`;
    expect(redactText(atTheCut)).not.to.include('secr');
  });

  it('cuts a line that is too long into one that says so', () => {
    const fields = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, 'x'.repeat(30_000)]));
    const line = lineOf(fields);
    expect(line).to.include({ oversize: true, characters: 20 * 30_002 + 10 * 6 + 10 * 7 });
    expect(JSON.stringify(line).length).to.be.lessThan(100_000);
  });

  it('is one line of JSON with a readable stamp, whatever the fields', () => {
    fc.assert(
      fc.property(
        fc.object({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
        (fields) => {
          const text = format('info', 'any', fields, 1);
          expect(text).not.to.include('\n');
          JSON.parse(text);
          expect(readStamp(Buffer.from(text))).to.deep.equal({
            ...SOURCE,
            time: HEAD.time,
            level: 'info',
            seq: 1,
            event: 'any',
          });
        },
      ),
    );
  });

  it('reads no stamp from anything else', () => {
    for (const text of ['', '{}', '{"time":"x"}', 'Segmentation fault', '{"type":"hello"}']) {
      expect(readStamp(Buffer.from(text)), text).to.equal(null);
    }
  });
});
