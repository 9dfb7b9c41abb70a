import { get } from 'node:http';
import { expect } from 'chai';
import type { AnswerFormat } from '../../../../core/protocol/answer.ts';
import { AnswerStream } from '../../../../server/answer/stream.ts';
import { serve } from '../http-fixture.ts';

const END = { rows: 2, complete: true, stats: { queryId: 'q1' }, serverTiming: 'sql;dur=1' };
const release = (): void => {};
const FAILURE = { code: 'result-too-large', message: 'too many rows' } as const;

async function answerOf(format: AnswerFormat, use: (answer: AnswerStream) => void, bufferBytes = 100) {
  await using http = await serve((app) => {
    app.get('/', (_, response) => {
      use(
        new AnswerStream({
          response,
          format,
          queryId: 'q1',
          queryText: 'select 1',
          bufferBytes,
          endLine: true,
        }),
      );
    });
  });
  return await new Promise<Outcome>((resolve) => {
    get(http.url, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      const done = (whole: boolean) => () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          trailers: response.trailers,
          body,
          whole,
        });
      response.on('end', done(true));
      response.on('error', done(false));
    }).on('error', () => resolve({ status: 0, headers: {}, trailers: {}, body: '', whole: false }));
  });
}

interface Outcome {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  trailers: NodeJS.Dict<string>;
  body: string;
  /** The body ended as HTTP says it should. */
  whole: boolean;
}

describe('AnswerStream', () => {
  const head = Buffer.from('{"columns":[],"rows":[');

  it('a small answer has its exact length, timing and counts in the headers', async () => {
    const { status, headers, body } = await answerOf('json', (answer) => {
      answer.write(head, release);
      answer.write(Buffer.from('1,2'), release);
      answer.finish(END);
    });
    expect(status).to.equal(200);
    expect(JSON.parse(body)).to.deep.equal({
      columns: [],
      rows: [1, 2],
      rowCount: 2,
      complete: true,
      stats: { queryId: 'q1' },
    });
    expect(headers).to.include({
      'content-length': String(Buffer.byteLength(body)),
      'query-id': 'q1',
      'server-timing': 'sql;dur=1',
      'forkline-row-count': '2',
      'forkline-complete': 'true',
    });
  });

  it('a failure while buffering has a status of its own and no row of the answer', async () => {
    const { status, headers, body } = await answerOf('json', (answer) => {
      answer.write(head, release);
      answer.fail({ ...FAILURE, retryAfterSeconds: 3 });
    });
    expect(status).to.equal(422);
    expect(headers).to.include({
      'content-type': 'application/problem+json',
      'retry-after': '3',
      'query-id': 'q1',
    });
    expect(JSON.parse(body)).to.include({ code: 'result-too-large', queryId: 'q1' });
  });

  it('past the buffer it streams, and says the counts in trailers', async () => {
    const { status, headers, trailers, body } = await answerOf('csv', (answer) => {
      answer.write(Buffer.alloc(101, 'x'), release);
      expect(answer.streaming).to.equal(true);
      answer.finish(END);
    });
    expect(status).to.equal(200);
    expect(headers['content-length']).to.equal(undefined);
    expect(trailers).to.include({ 'forkline-row-count': '2', 'forkline-complete': 'true' });
    expect(body).to.equal('x'.repeat(101));
  });

  for (const format of ['json', 'csv', 'arrow', 'parquet'] as const) {
    it(`a failure while streaming cuts ${format} without a valid end`, async () => {
      const { whole } = await answerOf(format, (answer) => {
        answer.write(Buffer.alloc(101, 'x'), release);
        answer.fail(FAILURE);
      });
      expect(whole).to.equal(false);
    });
  }

  it('a failure while streaming ends NDJSON with an @error line', async () => {
    const line = `${JSON.stringify({ a: 'x'.repeat(100) })}\n`;
    const { whole, body } = await answerOf('ndjson', (answer) => {
      answer.write(Buffer.from(line), release);
      answer.fail(FAILURE);
    });
    expect(whole).to.equal(true);
    const lines = body.trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1)!)['@error']).to.include({ code: 'result-too-large' });
  });

  it('a failure inside of a row of NDJSON has a line of its own, behind the last whole row', async () => {
    const row = `{"a":"${'x'.repeat(120)}"}\n`;
    for (const pieces of [
      [row, row.slice(0, 50)],
      [row + row.slice(0, 7)],
      [row.slice(0, 9), row.slice(9)],
    ]) {
      const { whole, body } = await answerOf('ndjson', (answer) => {
        for (const piece of pieces) answer.write(Buffer.from(piece), release);
        answer.write(Buffer.from('{"a":'), release);
        answer.fail(FAILURE);
      });
      const [first, last, ...rest] = body.split('\n');
      expect([whole, `${first}\n`, rest]).to.deep.equal([true, row, ['']]);
      expect(JSON.parse(last!)['@error']).to.include({ code: 'result-too-large' });
    }
  });

  it('a row of NDJSON that is too long to be held back is broken off by the line of the failure', async () => {
    const { whole, body } = await answerOf('ndjson', (answer) => {
      for (let i = 0; i < 9; i++) answer.write(Buffer.alloc(64 * 1024, i === 0 ? '{' : 'x'), release);
      answer.fail(FAILURE);
    });
    const [row, last, ...rest] = body.split('\n');
    expect([whole, rest]).to.deep.equal([true, ['']]);
    expect(row).to.match(/^\{+x+$/);
    expect(JSON.parse(last!)).to.have.all.keys('@error');
  });

  for (const format of ['arrow', 'parquet'] as const)
    it(`the last bytes of ${format} are sent when it is known to be whole`, async () => {
      const pieces = [
        Buffer.alloc(101, 'a'),
        Buffer.alloc(3, 'b'),
        Buffer.alloc(64, 'c'),
        Buffer.alloc(8, 'd'),
      ];
      const write = (answer: AnswerStream): void => {
        for (const piece of pieces) answer.write(piece, release);
      };
      const finished = await answerOf(format, (answer) => {
        write(answer);
        answer.finish(END);
      });
      expect(finished.body).to.equal(Buffer.concat(pieces).toString());
      const failed = await answerOf(format, (answer) => {
        write(answer);
        answer.fail(FAILURE);
      });
      expect(finished.body.startsWith(failed.body)).to.equal(true);
      expect(failed.body).to.have.length.below(finished.body.length - 8);
    });

  it('NDJSON ends with @end', async () => {
    const { body } = await answerOf('ndjson', (answer) => {
      answer.write(Buffer.from('{"a":1}\n{"a":2}\n'), release);
      answer.finish(END);
    });
    expect(
      body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).to.deep.equal([{ a: 1 }, { a: 2 }, { '@end': { rowCount: 2, complete: true } }]);
  });

  it('restarts only while nothing was sent', async () => {
    const { body } = await answerOf('csv', (answer) => {
      answer.write(Buffer.from('old'), release);
      expect(answer.restart()).to.equal(true);
      answer.write(Buffer.alloc(101, 'n'), release);
      expect(answer.restart()).to.equal(false);
      answer.finish(END);
    });
    expect(body).to.equal('n'.repeat(101));
  });

  it('releases what it held back when the answer ends, fails or starts again, and not before', async () => {
    const released: string[] = [];
    const releasing = (name: string) => () => void released.push(name);
    await answerOf('csv', (answer) => {
      answer.write(Buffer.from('a'), releasing('restarted'));
      expect(released).to.deep.equal([]);
      answer.restart();
      expect(released).to.deep.equal(['restarted']);
      answer.write(Buffer.from('b'), releasing('finished'));
      expect(released).to.deep.equal(['restarted']);
      answer.finish(END);
      answer.write(Buffer.from('c'), releasing('late'));
    });
    await answerOf('csv', (answer) => {
      answer.write(Buffer.from('d'), releasing('failed'));
      answer.fail(FAILURE);
    });
    expect(released).to.deep.equal(['restarted', 'finished', 'late', 'failed']);
  });

  it('releases what it streams once the system has it', async () => {
    let released = 0;
    const { body } = await answerOf('csv', (answer) => {
      for (let i = 0; i < 3; i++) answer.write(Buffer.alloc(101, 'x'), () => released++);
      expect(released).to.equal(0);
      answer.finish(END);
    });
    expect(body).to.equal('x'.repeat(303));
    expect(released).to.equal(3);
  });

  it('asks to stop when the client is slow, and says when to go on', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    let stops = 0;
    let resumes = 0;
    const { body } = await answerOf('csv', (answer) => {
      let left = 32;
      const pump = (): void => {
        while (left > 0) {
          left--;
          if (!answer.write(chunk, release)) {
            stops++;
            return;
          }
        }
        answer.finish(END);
      };
      answer.onDrain(() => {
        resumes++;
        pump();
      });
      pump();
    });
    expect(stops).to.be.above(0);
    expect(resumes).to.equal(stops);
    expect(body.length).to.equal(32 * chunk.length);
  });
});
