import { expect } from 'chai';
import { createPacketParser } from '../../../../../connectors/mariadb/wire/packet-parser.ts';

function packet(payload: Buffer, sequence = 0): Buffer {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header[3] = sequence;
  return Buffer.concat([header, payload]);
}

function parsed(
  chunks: readonly Buffer[],
  most = Number.MAX_SAFE_INTEGER,
): { got: Buffer[]; asked: number[] } {
  const got: Buffer[] = [];
  const asked: number[] = [];
  const feed = createPacketParser({
    onPacket: (bytes, start, end) => got.push(Buffer.from(bytes.subarray(start, end))),
    accept(bytes) {
      asked.push(bytes);
      return bytes <= most;
    },
  });
  for (const chunk of chunks) feed(chunk);
  return { got, asked };
}

const payloads = [Buffer.from('a'), Buffer.alloc(0), Buffer.from('longer than the others'), Buffer.from('b')];
const bytes = Buffer.concat(payloads.map((payload, index) => packet(payload, index)));

describe('the packets of MariaDB', () => {
  it('are cut wherever the chunks end', () => {
    for (let size = 1; size <= bytes.length; size++) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      expect(parsed(chunks).got, `chunks of ${size}`).to.deep.equal(payloads);
    }
  });

  it('are joined when a payload is longer than one packet', () => {
    const long = Buffer.alloc(0xffffff, 1);
    const rest = Buffer.from('the rest');
    const stream = Buffer.concat([packet(long), packet(rest, 1), packet(Buffer.from('next'))]);
    const { got } = parsed([stream.subarray(0, 1_000_000), stream.subarray(1_000_000)]);
    expect(got.map(({ length }) => length)).to.deep.equal([0xffffff + rest.length, 4]);
    const exact = parsed([packet(long), packet(Buffer.alloc(0), 1), packet(Buffer.from('next'))]);
    expect(exact.got.map(({ length }) => length)).to.deep.equal([0xffffff, 4]);
  });

  it('are dropped when nobody wants them, and the next one is whole', () => {
    const big = packet(Buffer.alloc(5000));
    const { got, asked } = parsed(
      [big.subarray(0, 100), big.subarray(100), packet(Buffer.from('next'))],
      1000,
    );
    expect(asked).to.deep.equal([5000]);
    expect(got).to.deep.equal([Buffer.from('next')]);
  });
});
