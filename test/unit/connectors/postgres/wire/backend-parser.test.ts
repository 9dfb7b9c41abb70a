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

/** Returns the messages that stand side by side; none of them may be cut. */
function messagesIn(bytes: Buffer): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + bytes.readUInt32BE(at + 1);
    expect(end).to.be.at.most(bytes.length);
    messages.push({ type: bytes[at]!, payload: bytes.subarray(at + 5, end) });
    at = end;
  }
  return messages;
}

function feedInChunks(
  bytes: Buffer,
  size: number,
  accept: (type: number, payloadBytes: number) => number = (_, payloadBytes) => payloadBytes,
  passed: number = BackendMessage.copyData,
): Message[] {
  const seen: Message[] = [];
  let copied: Buffer = Buffer.alloc(0);
  const feed = createBackendParser({
    onMessage: (type, chunk, start, end) =>
      seen.push({ type, payload: Buffer.from(chunk.subarray(start, end)) }),
    passedOn: () => passed,
    onPassedOn(chunk, start, end, { messages }) {
      copied = Buffer.concat([copied, chunk.subarray(start, end)]);
      const whole = messages === 0 ? [] : messagesIn(copied);
      if (messages > 0) copied = Buffer.alloc(0);
      expect(whole).to.have.length(messages);
      seen.push(...whole);
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
      fc.property(
        fc.array(message, { maxLength: 12 }),
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom(BackendMessage.copyData, BackendMessage.dataRow),
        (messages, size, passed) => {
          const bytes = Buffer.concat(messages.map(encode));
          expect(feedInChunks(bytes, size, undefined, passed)).to.deep.equal(messages);
        },
      ),
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

  it('says how long the longest message that is passed on is as soon as its header is there, and passes many on at once', () => {
    const wire = Buffer.concat(
      [3, 500, 7].map((length) =>
        encode({ type: BackendMessage.dataRow, payload: Buffer.alloc(length, 'x') }),
      ),
    );
    const found = (size: number): string[] => {
      const calls: string[] = [];
      const feed = createBackendParser({
        onMessage: () => {},
        passedOn: () => BackendMessage.dataRow,
        onPassedOn: (_, start, end, { messages, longest }) =>
          void calls.push(`${end - start} bytes, ${messages} end, longest ${longest}`),
        accept: (_, payloadBytes) => payloadBytes,
      });
      for (let at = 0; at < wire.length; at += size) feed(wire.subarray(at, at + size));
      return calls;
    };
    expect(found(wire.length)).to.deep.equal(['525 bytes, 3 end, longest 500']);
    expect(found(200)).to.deep.equal([
      '8 bytes, 1 end, longest 3',
      '5 bytes, 0 end, longest 500',
      '187 bytes, 0 end, longest 0',
      '200 bytes, 0 end, longest 0',
      '113 bytes, 1 end, longest 0',
      '12 bytes, 1 end, longest 7',
    ]);
  });
});
