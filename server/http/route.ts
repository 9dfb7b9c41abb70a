/** One path and what it can do: from the handlers by method follow HEAD, OPTIONS, `Allow` and the refusal of the rest. */
import type { Express, RequestHandler } from 'express';
import { QueryError } from '../../core/protocol/errors.ts';
import { knownOptions } from './request/known-options.ts';

export type Method = 'HEAD' | 'GET' | 'POST' | 'DELETE';
export type Handlers = Readonly<Partial<Record<Method, readonly RequestHandler[]>>>;

const ORDER: readonly Method[] = ['GET', 'HEAD', 'POST', 'DELETE'];

/**
 * Without a handler for HEAD, that of GET answers it, and its body is left out. `options` is `none` where the query string
 * may have nothing in it; else the handlers read it.
 */
export function addRoute(
  app: Express,
  path: string,
  handlers: Handlers,
  options: 'none' | 'by handler' = 'by handler',
): void {
  const allow = allowOf(handlers);
  const route = app.route(path);
  const { HEAD, GET, POST, DELETE } = handlers;
  if (options === 'none') {
    const refuse: RequestHandler = (request, _response, next) => {
      if (isAnswered(handlers, request.method)) knownOptions(request.originalUrl, []);
      next();
    };
    route.all(refuse);
  }
  if (HEAD !== undefined) route.head(...HEAD);
  if (GET !== undefined) route.get(...GET);
  if (POST !== undefined) route.post(...POST);
  if (DELETE !== undefined) route.delete(...DELETE);
  route.options((_, response) => {
    response.setHeader('Allow', allow);
    response.status(204).end();
  });
  route.all((request, response) => {
    response.setHeader('Allow', allow);
    throw new QueryError('method-not-allowed', `${request.method} is not possible here`, {
      hint: `Use ${allow}.`,
    });
  });
}

/** Every method that the path answers otherwise than with 405. */
function allowOf(handlers: Handlers): string {
  return [...ORDER.filter((method) => isAnswered(handlers, method)), 'OPTIONS'].join(', ');
}

function isAnswered(handlers: Handlers, method: string): boolean {
  return handlers[method as Method] !== undefined || (method === 'HEAD' && handlers.GET !== undefined);
}
