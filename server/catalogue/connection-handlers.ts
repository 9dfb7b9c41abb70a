/** Connections over HTTP: shown, created, changed, removed and tested. Those of the configuration are only shown and tested. */
import type { Request, RequestHandler, Response } from 'express';
import type { SavedConnection, StoredConnectionBook } from '../../catalogue/connections/stored.ts';
import type { Expected } from '../../catalogue/store/revisions.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { principalOf } from '../../core/protocol/principal.ts';
import type { ConnectionDefinition, TakenConnections } from '../../core/protocol/stored-connections.ts';
import type { AppDeps } from '../http/app-deps.ts';
import { type ConnectionHandlers, noCatalogue } from '../http/catalogue-paths.ts';
import { knownOptions } from '../http/request/known-options.ts';
import { bodyOf } from '../http/request/query-request.ts';
import { authorshipOf, etagOf, expectedVersion, nameOf } from './expected-version.ts';
import { jsonOf } from './json-body.ts';

export function connectionChangeHandlers(deps: AppDeps): ConnectionHandlers {
  const { run, storedConnections: book, connectionsLink: link } = deps;
  const isConfigured = (name: string): boolean =>
    run.connections.names.includes(name) && !run.connections.isStored(name);

  const showConnection: RequestHandler = async (request, response) => {
    knownOptions(request.originalUrl, []);
    const name = nameOf(request);
    if (isConfigured(name)) {
      response.json({ name, dialect: run.connections.dialectOf(name), source: 'configuration' });
      return;
    }
    const found = await stored(book).one(name);
    if (found === null) throw noConnection(name);
    const { version, definition, author, reason, at } = found;
    response.setHeader('ETag', etagOf(version));
    const inUse = run.connections.names.includes(name);
    const problem = link.problems[name] ?? null;
    response.json({ name, source: 'catalogue', version, definition, author, reason, at, inUse, problem });
  };
  const createConnection: RequestHandler = async (request, response) => {
    const { name, ...definition } = objectOf(jsonOf(request));
    if (typeof name !== 'string')
      throw new QueryError('bad-request', 'say what the connection is called', {
        hint: 'For example: {"name": "crm", "kind": "...", "url": "...", "secret": "crm-reader"}',
      });
    const expected = expectedVersion(request);
    await save(request, response, name, definition, expected === 'not said' ? 'absent' : expected);
  };
  const changeConnection: RequestHandler = async (request, response) => {
    const name = nameOf(request);
    const definition = definitionFor(name, jsonOf(request));
    await save(request, response, name, definition, expectedVersion(request));
  };
  const removeConnection: RequestHandler = async (request, response) => {
    const name = nameOf(request);
    const authorship = authorshipOf(request);
    const expected = expectedVersion(request);
    // One that the configuration took the name of later can still be taken out of the catalogue.
    const found = await stored(book).one(name);
    if (found === null) throw isConfigured(name) ? configured(name) : noConnection(name);
    await stored(book).remove(name, expected, authorship);
    deps.log.info('connection-removed', { connection: name, principal: principalOf(request).id });
    deps.audit?.act('connection-removed', principalOf(request), {
      connection: name,
      reason: authorship.reason,
    });
    await taken();
    response.status(204).end();
  };
  const listConnectionVersions: RequestHandler = async (request, response) => {
    const name = nameOf(request);
    const versions = await stored(book).versions(name);
    if (versions.length === 0) throw isConfigured(name) ? configured(name) : noConnection(name);
    response.json({ versions });
  };
  const testConnection: RequestHandler = async (request, response) => {
    const name = nameOf(request);
    const isDraft = bodyOf(request).length > 0;
    const definition = isDraft ? definitionFor(name, jsonOf(request)) : null;
    if (!isDraft && !run.connections.names.includes(name) && link.problems[name] === undefined)
      throw noConnection(name);
    deps.audit?.act('connection-tested', principalOf(request), { connection: name, isDraft });
    const { mistakes, kind, reached, findings } = await link.examine(name, definition, true);
    if (mistakes.length > 0 && isDraft) throw badConnection(name, mistakes);
    const all = [...mistakes.map((text) => ({ level: 'problem' as const, text })), ...findings];
    const ok = all.every(({ level }) => level !== 'problem');
    response.json({ name, kind, ok, reached: reached === true, findings: all });
  };

  async function save(
    request: Request,
    response: Response,
    name: string,
    definition: ConnectionDefinition,
    expected: Expected,
  ): Promise<void> {
    const authorship = authorshipOf(request);
    if (isConfigured(name)) throw configured(name);
    stored(book);
    const { mistakes } = await link.examine(name, definition, false);
    if (mistakes.length > 0) throw badConnection(name, mistakes);
    const saved = await stored(book).save({ name, definition }, expected, authorship);
    if (saved.changed) {
      const what = { connection: name, version: saved.version };
      deps.log.info('connection-saved', { ...what, principal: principalOf(request).id });
      deps.audit?.act('connection-saved', principalOf(request), { ...what, reason: authorship.reason });
    }
    answerSaved(response, name, saved, await taken());
  }

  /** Resolves when all processes of this server use the change; with the reason when they do not. */
  async function taken(): Promise<TakenConnections | string> {
    try {
      return await link.refresh();
    } catch (thrown) {
      return QueryError.from(thrown).message;
    }
  }

  function answerSaved(
    response: Response,
    name: string,
    { version, changed }: SavedConnection,
    result: TakenConnections | string,
  ): void {
    const isNew = changed && version === 1;
    response.setHeader('ETag', etagOf(version));
    if (isNew) response.setHeader('Location', `/v1/connections/${encodeURIComponent(name)}`);
    const inUse = typeof result !== 'string' && run.connections.names.includes(name);
    response
      .status(isNew ? 201 : 200)
      .json({ name, version, changed, inUse, problem: problemOf(name, result) });
  }

  return {
    ...{ showConnection, createConnection, changeConnection, removeConnection },
    ...{ listConnectionVersions, testConnection },
  };
}

function problemOf(name: string, result: TakenConnections | string): string | null {
  if (typeof result === 'string') return result;
  const unreachable = result.unreachable.find(({ connection }) => connection === name);
  return result.problems[name] ?? unreachable?.message ?? null;
}

function stored(book: StoredConnectionBook | null): StoredConnectionBook {
  if (book === null) throw noCatalogue();
  return book;
}

function objectOf(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body };
  throw new QueryError('bad-request', 'a connection is an object with the options of its kind', {
    hint: 'For example: {"kind": "...", "url": "...", "secret": "crm-reader"}',
  });
}

/** The definition under the name of the path, which the body may repeat. */
function definitionFor(name: string, body: unknown): ConnectionDefinition {
  const { name: given, ...definition } = objectOf(body);
  if (given === undefined || given === name) return definition;
  throw new QueryError(
    'bad-request',
    `the path names ${JSON.stringify(name)} and the body ${JSON.stringify(given)}`,
    { hint: 'a connection keeps its name: make a new one, and remove the old one' },
  );
}

function badConnection(name: string, mistakes: readonly string[]): QueryError {
  const told = name.slice(0, 100);
  return new QueryError(
    'bad-connection',
    `the connection ${JSON.stringify(told)} cannot be used: ${mistakes.join('; ')}`,
    {
      hint: 'docs/connections.md has an example of each kind; POST /v1/connections/NAME/test tries a definition without saving it',
    },
  );
}

function configured(name: string): QueryError {
  return new QueryError('read-only-connection', `the connection ${name} is the configuration's`, {
    hint: 'Change it there, and reload (SIGHUP to the monitor); or give the new one another name.',
  });
}

function noConnection(name: string): QueryError {
  return new QueryError('not-found', `there is no connection ${JSON.stringify(name.slice(0, 100))}`, {
    hint: 'GET /v1/connections lists them',
  });
}
