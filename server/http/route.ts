/** Adds a path with its handlers by method. HEAD, OPTIONS, the `Allow` header and the refusal of other methods follow from them. */
import type { Express, RequestHandler } from 'express';
import { QueryError } from '../../core/protocol/errors.ts';
import { knownOptions } from './request/known-options.ts';

export type Method = 'HEAD' | 'GET' | 'POST' | 'PUT' | 'DELETE';
export type Handlers = Readonly<Partial<Record<Method, readonly RequestHandler[]>>>;

const ORDER: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];

/**
 * Adds a route. Without a handler for HEAD, the one for GET answers it, without a body. With `options` as `none` any option
 * in the query string is refused; otherwise the handlers read them.
 */
export function addRoute(
  app: Express,
  path: string,
  handlers: Handlers,
  options: 'none' | 'by handler' = 'by handler',
): void {
  const allow = allowOf(handlers);
  const route = app.route(path);
  const { HEAD, GET, POST, PUT, DELETE } = handlers;
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
  if (PUT !== undefined) route.put(...PUT);
  if (DELETE !== undefined) route.delete(...DELETE);
  route.options((_, response) => {
    response.setHeader('Allow', allow);
    response.status(204).end();
  });
  route.all((request, response) => {
    response.setHeader('Allow', allow);
    throw new QueryError('method-not-allowed', `${request.method} is not allowed here`, {
      hint: `Use ${allow}.`,
    });
  });
}

/** Returns the value of `Allow`: all methods that the path does not answer with 405. */
function allowOf(handlers: Handlers): string {
  return [...ORDER.filter((method) => isAnswered(handlers, method)), 'OPTIONS'].join(', ');
}

function isAnswered(handlers: Handlers, method: string): boolean {
  return handlers[method as Method] !== undefined || (method === 'HEAD' && handlers.GET !== undefined);
}
