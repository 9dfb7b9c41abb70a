/** Cutting bytes into lines: what arrives on a socket, and what a process printed. Spill file names. */
import { expect } from 'chai';
import fc from 'fast-check';
import { parseSpillFileName, spillFileName } from '../../../../core/logging/spill.ts';
import { createLineSplitter } from '../../../../core/logging/wire.ts';
import { cutRawOutput, MAX_PIECE_BYTES } from '../../../../logger/intake/raw-pieces.ts';

describe('line splitter', () => {
  it('gives the same lines however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.integer({ min: 1, max: 20 })), (texts, cuts) => {
        const lines = texts.map((text) => `${text.replaceAll('\n', ' ')}\n`);
        const bytes = Buffer.from(lines.join(''));
        const found: string[] = [];
        const feed = createLineSplitter(1e6, (line) => found.push(line.toString()));
        let at = 0;
        for (const cut of cuts) {
          feed(bytes.subarray(at, at + cut));
          at += cut;
        }
        feed(bytes.subarray(at));
        expect(found).to.deep.equal(lines);
      }),
    );
  });

  it('throws at a line without an end', () => {
    const feed = createLineSplitter(10, () => {});
    feed(Buffer.from('12345678'));
    expect(() => feed(Buffer.from('9012'))).to.throw('more than 10 bytes');
  });
});

describe('raw output', () => {
  it('leaves an unfinished line until it is asked for', () => {
    const bytes = Buffer.from('one\n\ntw');
    expect(cutRawOutput(bytes, false)).to.deep.equal({
      pieces: [
        { text: 'one', end: 4 },
        { text: '', end: 5 },
      ],
      consumed: 5,
    });
    expect(cutRawOutput(bytes, true).pieces.at(-1)).to.deep.equal({ text: 'tw', end: 7, unfinished: true });
  });

  it('cuts a long line between characters, and loses none', () => {
    const text = '€'.repeat(MAX_PIECE_BYTES);
    const { pieces, consumed } = cutRawOutput(Buffer.from(`${text}\n`), false);
    expect(pieces.map((piece) => piece.text).join('')).to.equal(text);
    expect(pieces.slice(0, -1).every((piece) => piece.continued)).to.equal(true);
    expect(pieces.at(-1)).not.to.have.property('continued');
    expect(consumed).to.equal(text.length * 3 + 1);
  });
});

describe('spill file name', () => {
  it('comes back as it went', () => {
    const name = { process: 'sql-3', stream: 'a1b2c3d4', batch: 12 };
    expect(parseSpillFileName(spillFileName(name))).to.deep.equal(name);
    for (const other of ['sql-3.log', 'spill-x.log', `${spillFileName(name)}.tmp`]) {
      expect(parseSpillFileName(other), other).to.equal(null);
    }
  });
});
