/** POST /v1/complete: what may stand at a position of a text, and what it is. */
import type { Asked } from './asked.ts';
import { ask } from './client.ts';

export interface CompletionItem {
  readonly label: string;
  readonly kind:
    | 'stage'
    | 'column'
    | 'function'
    | 'keyword'
    | 'table'
    | 'model'
    | 'parameter'
    | 'connection'
    | 'option';
  readonly type?: string;
  readonly detail: string;
  readonly insert: string;
}

/** `from` and `to` are UTF-16 offsets of what an item replaces. */
export interface Completed {
  readonly from: number;
  readonly to: number;
  readonly items: readonly CompletionItem[];
  readonly complete: boolean;
}

/** Rejects with ProblemError, and with AbortError when `signal` aborts. */
export function complete(asked: Asked, position: number, signal?: AbortSignal): Promise<Completed> {
  return ask('v1/complete', { body: { ...asked, position }, ...(signal === undefined ? {} : { signal }) });
}
