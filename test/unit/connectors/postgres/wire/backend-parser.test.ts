import { expect } from 'chai';
import fc from 'fast-check';
import {
  BackendMessage,
  createBackendParser,
} from '../../../../../connectors/postgres/wire/backend-parser.ts';

interface Message {
  readonly type: number;
  readonly payload: Buffer;
}

function encode({ type, payload }: Message): Buffer {
  const header = Buffer.alloc(5);
  header[0] = type;
  header.writeUInt32BE(payload.length + 4, 1);
  return Buffer.concat([header, payload]);
}

function feedInChunks(
  bytes: Buffer,
  size: number,
  accept: (type: number, payloadBytes: number) => number = (_, payloadBytes) => payloadBytes,
): Message[] {
  const seen: Message[] = [];
  let copied: Buffer[] = [];
  const feed = createBackendParser({
    onMessage: (type, chunk, start, end) =>
      seen.push({ type, payload: Buffer.from(chunk.subarray(start, end)) }),
    onCopyData(chunk, start, end, last) {
      copied.push(Buffer.from(chunk.subarray(start, end)));
      if (!last) return;
      seen.push({ type: BackendMessage.copyData, payload: Buffer.concat(copied) });
      copied = [];
    },
    accept,
  });
  for (let offset = 0; offset < bytes.length; offset += size) {
    const chunk = Buffer.from(bytes.subarray(offset, offset + size));
    feed(chunk);
    chunk.fill(0xff); // the socket's one buffer is overwritten too, by what comes next
  }
  return seen;
}

const message = fc.record({
  type: fc.constantFrom(BackendMessage.dataRow, BackendMessage.copyData, BackendMessage.readyForQuery),
  payload: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
});

describe('backend parser', () => {
  it('finds the same messages however they are cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), fc.integer({ min: 1, max: 60 }), (messages, size) => {
        expect(feedInChunks(Buffer.concat(messages.map(encode)), size)).to.deep.equal(messages);
      }),
    );
  });

  it('drops a declined message without losing its place', () => {
    const big = { type: BackendMessage.dataRow, payload: Buffer.alloc(1000) };
    const ready = { type: BackendMessage.readyForQuery, payload: Buffer.from('I') };
    const seen = feedInChunks(Buffer.concat([big, ready].map(encode)), 64, (type, payloadBytes) =>
      type === BackendMessage.dataRow ? 0 : payloadBytes,
    );
    expect(seen).to.deep.equal([ready]);
  });

  it('hands out the wanted beginning of a long message without losing its place', () => {
    const long = { type: BackendMessage.error, payload: Buffer.from('x'.repeat(1000)) };
    const ready = { type: BackendMessage.readyForQuery, payload: Buffer.from('I') };
    for (const size of [3, 64, 999]) {
      const seen = feedInChunks(Buffer.concat([long, ready].map(encode)), size, () => 100);
      expect(seen).to.deep.equal([{ ...long, payload: long.payload.subarray(0, 100) }, ready]);
    }
  });
});
