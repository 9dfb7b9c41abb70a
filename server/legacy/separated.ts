/** CSV with another separator than the comma: a field that has the new one in it is put between quotes. */

const QUOTE = 0x22;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Yields the records with `separator`, one byte, between their fields. */
export async function* separatedBy(separator: string, pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const byte = separator.charCodeAt(0);
  /** The beginning of a field that goes on in the next piece. */
  let before = Buffer.alloc(0);
  let isQuoted = false;
  for await (const piece of pieces) {
    const bytes = before.length === 0 ? piece : Buffer.concat([before, piece]);
    const out: Buffer[] = [];
    let from = 0;
    for (let at = before.length; at < bytes.length; at++) {
      const each = bytes[at]!;
      if (each === QUOTE) isQuoted = !isQuoted;
      if (isQuoted || (each !== COMMA && each !== LINE_FEED)) continue;
      out.push(...fieldOf(bytes.subarray(from, at), byte), each === COMMA ? Buffer.of(byte) : LINE_END);
      from = at + 1;
    }
    before = Buffer.from(bytes.subarray(from));
    yield Buffer.concat(out);
  }
}

const LINE_END = Buffer.from('\r\n');
const QUOTES = Buffer.of(QUOTE);

function fieldOf(field: Buffer, separator: number): Buffer[] {
  const text = field[field.length - 1] === CARRIAGE_RETURN ? field.subarray(0, -1) : field;
  return text[0] !== QUOTE && text.includes(separator) ? [QUOTES, text, QUOTES] : [text];
}
