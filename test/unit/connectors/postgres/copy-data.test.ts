import { expect } from 'chai';
import fc from 'fast-check';
import { ByteWriter } from '../../../../connectors/kit/encode/byte-writer.ts';
import { gatherCopyData } from '../../../../connectors/postgres/copy-data.ts';
import { BackendMessage, createBackendParser } from '../../../../connectors/postgres/wire/backend-parser.ts';

function message(type: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header[0] = type;
  header.writeUInt32BE(payload.length + 4, 1);
  return Buffer.concat([header, payload]);
}

/** Returns what comes out of a wire that is cut into pieces of the given sizes, and the other messages seen on the way. */
function gather(wire: Buffer, sizes: readonly number[]): { text: string; others: string[] } {
  const out: Buffer[] = [];
  const others: string[] = [];
  const writer = new ByteWriter((bytes) => out.push(bytes));
  const payloads = gatherCopyData(writer);
  const feed = createBackendParser({
    onMessage: (_, bytes, start, end) => others.push(bytes.toString('latin1', start, end)),
    onCopyData: (bytes, start, end) => payloads.add(bytes, start, end),
    accept: (_, payloadBytes) => payloadBytes,
  });
  for (let at = 0, i = 0; at < wire.length; i++) {
    const size = sizes[i % sizes.length]!;
    const chunk = Buffer.from(wire.subarray(at, at + size));
    feed(chunk);
    payloads.flush();
    chunk.fill(0xff); // the socket's one buffer is overwritten too, by what comes next
    at += size;
  }
  payloads.flush();
  writer.flush();
  return { text: Buffer.concat(out).toString('latin1'), others };
}

describe('gathering CopyData', () => {
  it('gives every payload in order, however the wire is cut and whatever comes between', () => {
    const part = fc.record({
      copy: fc.boolean(),
      text: fc.string({ maxLength: 50 }).map((t) => Buffer.from(t).toString('latin1')),
    });
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
        (parts, sizes) => {
          const wire = Buffer.concat(
            parts.map(({ copy, text }) =>
              message(copy ? BackendMessage.copyData : BackendMessage.notice, Buffer.from(text, 'latin1')),
            ),
          );
          const { text, others } = gather(wire, sizes);
          expect(text).to.equal(
            parts
              .filter(({ copy }) => copy)
              .map((p) => p.text)
              .join(''),
          );
          expect(others).to.deep.equal(parts.filter(({ copy }) => !copy).map((p) => p.text));
        },
      ),
    );
  });
});
