/** Reads an answer that becomes a file, and finds out whether it is whole. */
import { isAbort } from './client.ts';
import { endedEarly, whatBecameOf } from './ended-early.ts';

/** Bytes that are collected before they become a part of the file: browsers keep large blobs outside of the page's memory. */
const PART_BYTES = 8 * 1024 * 1024;

export interface Downloaded {
  readonly content: Blob;
  /** Whether a limit cut the answer, so that the file has not all rows. */
  readonly isCut: boolean;
}

/**
 * Resolves when all of the answer has arrived. Rejects with ProblemError when it ended early, also where the text itself cannot show that,
 * and with AbortError.
 */
export async function download(
  response: Response,
  queryId: string,
  arrived: (bytes: number) => void,
): Promise<Downloaded> {
  const content = await contentOf(response, arrived).catch(async (thrown: unknown) => {
    throw isAbort(thrown) ? thrown : await endedEarly(queryId, null);
  });
  const state = (await whatBecameOf(queryId))?.state;
  if (state === 'failed' || state === 'cancelled') throw await endedEarly(queryId, null);
  return { content, isCut: response.headers.get('Forkline-Complete') === 'false' };
}

async function contentOf(response: Response, arrived: (bytes: number) => void): Promise<Blob> {
  const type = response.headers.get('Content-Type') ?? 'application/octet-stream';
  const reader = response.body!.getReader();
  const parts: Blob[] = [];
  let collected: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  let count = 0;
  const pack = () => {
    parts.push(new Blob(collected));
    collected = [];
    bytes = 0;
  };
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    collected.push(part.value);
    bytes += part.value.length;
    count += part.value.length;
    arrived(count);
    if (bytes >= PART_BYTES) pack();
  }
  pack();
  return new Blob(parts, { type });
}
