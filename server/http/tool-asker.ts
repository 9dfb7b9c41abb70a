/** Runs formatting and completion for a client. They are not queries, and have a time limit of their own. */
import type { Request, Response } from 'express';
import { Cancellation } from '../../core/process/cancellation.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { principalOf } from '../../core/protocol/principal.ts';
import type { Asker } from '../admission/lane.ts';

const TIMEOUT_MS = 10_000;

/** Runs `work` for the client, and cancels it when its time is up or the client leaves. */
export async function asTool<T>(
  request: Request,
  response: Response,
  work: (asker: Asker) => Promise<T>,
): Promise<T> {
  const cancellation = new Cancellation();
  const late = new QueryError('deadline-exceeded', `this was not done after ${TIMEOUT_MS} ms`, {
    hint: 'Send a shorter text.',
  });
  const timer = setTimeout(() => cancellation.cancel(late), TIMEOUT_MS);
  response.once('close', () => {
    if (!response.writableFinished)
      cancellation.cancel(new QueryError('client-gone', 'the client closed the connection'));
  });
  try {
    return await work({ principal: principalOf(request), cancellation });
  } finally {
    clearTimeout(timer);
  }
}
