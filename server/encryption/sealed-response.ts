/**
 * Encrypts everything that is answered from here on, problem documents too: the methods of this one response are replaced,
 * so that whoever writes to it needs to know nothing, and other responses are not touched. Status, media type and `Query-Id`
 * remain readable; the number of rows and the times are left out.
 */
import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import { ANSWER_KEY_HEADER, ENCRYPTED_CODING } from '../../core/encryption/record-keys.ts';
import { RecordWriter } from '../../core/encryption/record-writer.ts';
import type { AnswerKey } from './answer-key.ts';

/** Headers that would be wrong, or tell what is encrypted. */
const LEFT_OUT = new Set(['content-length', 'forkline-row-count', 'server-timing', 'etag', 'trailer']);

type Callback = (error?: Error | null) => void;

export function sealResponse(response: ServerResponse, { secret, header }: AnswerKey): void {
  const records = new RecordWriter(secret);
  const { writeHead, write, end, addTrailers } = response;
  Object.assign(response, {
    writeHead(status: number, headers?: readonly string[] | Record<string, OutgoingHttpHeader>) {
      for (const name of LEFT_OUT) response.removeHeader(name);
      response.setHeader('Content-Encoding', ENCRYPTED_CODING);
      response.setHeader(ANSWER_KEY_HEADER, header);
      for (const [name, value] of pairsOf(headers))
        if (!LEFT_OUT.has(name.toLowerCase())) response.setHeader(name, value);
      return writeHead.call(response, status);
    },
    write(chunk: string | Buffer, ...more: readonly unknown[]) {
      const { encoding, callback } = optionsOf(more);
      const bytes = records.write(bytesOf(chunk, encoding));
      if (bytes.length > 0) return write.call(response, bytes, 'utf8', callback);
      callback();
      return !response.writableNeedDrain;
    },
    end(chunk?: string | Buffer | Callback | null, ...more: readonly unknown[]) {
      if (response.writableEnded) return response;
      const { encoding, callback } = optionsOf(typeof chunk === 'function' ? [chunk] : more);
      const last = typeof chunk === 'string' || Buffer.isBuffer(chunk) ? bytesOf(chunk, encoding) : undefined;
      return end.call(response, records.end(last), 'utf8', callback);
    },
    /** Trailers are only announced where they do not tell what is encrypted. */
    addTrailers(trailers: Record<string, string>) {
      const kept = Object.entries(trailers).filter(([name]) => !LEFT_OUT.has(name.toLowerCase()));
      addTrailers.call(response, Object.fromEntries(kept));
    },
  });
}

function bytesOf(chunk: string | Buffer, encoding: BufferEncoding): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
}

/** Returns the optional arguments of `write` and `end`, in either place. */
function optionsOf(more: readonly unknown[]): { encoding: BufferEncoding; callback: Callback } {
  const encoding = more.find((each) => typeof each === 'string') as BufferEncoding | undefined;
  const callback = more.find((each) => typeof each === 'function') as Callback | undefined;
  return { encoding: encoding ?? 'utf8', callback: callback ?? (() => {}) };
}

/** Names and values, given alternately or as an object. */
function* pairsOf(
  headers: readonly string[] | Record<string, OutgoingHttpHeader> = [],
): Generator<[string, string | number | readonly string[]]> {
  if (!Array.isArray(headers)) {
    yield* Object.entries(headers as Record<string, OutgoingHttpHeader>);
    return;
  }
  for (let at = 0; at < headers.length; at += 2) yield [headers[at]!, headers[at + 1]!];
}
