/**
 * Requests to the server that sent this page. Every address is relative, so that the console works below a path prefix. The
 * API key, where the server wants one, stays in the session storage of this browser tab and goes into no link.
 */
import { signal as observable } from '@preact/signals';
import { type Problem, ProblemError, unreachable } from './problem.ts';

const KEY_ITEM = 'forkline.key';

/** Whether the server refused a request because it does not know who asks. */
export const wantsKey = observable(false);
/** Counts the keys that were given, so that what needs one is asked for again. */
export const keyNumber = observable(0);

export function storedKey(): string | null {
  return sessionStorage.getItem(KEY_ITEM);
}

export function storeKey(key: string | null): void {
  if (key === null) sessionStorage.removeItem(KEY_ITEM);
  else sessionStorage.setItem(KEY_ITEM, key);
  wantsKey.value = false;
  keyNumber.value++;
}

export interface Send {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Resolves to an answer whose status is below 400. Rejects with ProblemError, and with AbortError when `signal` aborts. */
export async function send(path: string, { method, body, headers, signal }: Send = {}): Promise<Response> {
  const key = storedKey();
  const response = await fetch(path, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(key === null ? {} : { Authorization: `Bearer ${key}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((thrown: unknown) => {
    throw isAbort(thrown) ? thrown : unreachable(thrown);
  });
  if (response.ok) return response;
  if (response.status === 401) wantsKey.value = true;
  throw new ProblemError(await problemOf(response));
}

/** Resolves to the parsed JSON of an answer. Rejects as `send` does. */
export async function ask<T>(path: string, options: Send = {}): Promise<T> {
  const response = await send(path, options);
  if (response.status === 204) return undefined as T;
  return (await response.json().catch((thrown: unknown) => {
    throw isAbort(thrown) ? thrown : unreachable(thrown);
  })) as T;
}

export function isAbort(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'AbortError';
}

async function problemOf(response: Response): Promise<Problem> {
  const known = (await response.json().catch(() => null)) as Partial<Problem> | null;
  return {
    code: 'failed',
    title: response.statusText || `status ${response.status}`,
    detail: `the server answered with status ${response.status}`,
    ...known,
    status: response.status,
  };
}
