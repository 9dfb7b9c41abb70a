import { connect } from 'node:net';
import { expect } from 'chai';
import { answerClientErrors } from '../../../../server/http/client-error.ts';
import { serve } from '../http-fixture.ts';

/** Returns everything that the server sends for these bytes until it closes the connection. */
async function answerTo(bytes: string): Promise<string> {
  await using http = await serve(() => {});
  answerClientErrors(http.server);
  return await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(new URL(http.url).port), '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    socket.on('end', () => resolve(text)).on('error', reject);
  });
}

function problemIn(answer: string): { status: number; code: string; hint: string } {
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as {
    status: number;
    code: string;
    hint: string;
  };
}

describe('bytes that are no HTTP request', () => {
  it('get a problem document, and the connection ends', async () => {
    const answer = await answerTo('this is no request\r\n\r\n');
    expect(answer).to.match(/^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json\r\n/);
    expect(problemIn(answer)).to.include({ status: 400, code: 'bad-request' });
    expect(problemIn(answer).hint).to.contain('/v1/query');
  });

  it('headers that are too large: 431', async () => {
    const answer = await answerTo(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\n`);
    expect(answer).to.match(/^HTTP\/1\.1 431 /);
    expect(problemIn(answer)).to.include({ status: 431 });
  });
});
