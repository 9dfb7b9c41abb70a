/**
 * The routes of the older engine's API, a thin layer over jobs: a query becomes a job, whose rows are read part by part until the last one.
 * They answer where `jobs.legacyApi` is on.
 */
import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { QueryError, type WireError } from '../../core/protocol/errors.ts';
import { principalOf } from '../../core/protocol/principal.ts';
import type { Limits } from '../../core/protocol/server-config.ts';
import { SECURITY_HEADERS } from '../answer/security-headers.ts';
import { type Download, downloadIn } from '../http/request/legacy-download.ts';
import { bodyOf, checkSize, type QueryRequest } from '../http/request/query-request.ts';
import { checkRights } from '../jobs/check-rights.ts';
import type { Job } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { RunDeps } from '../query/run.ts';
import { drained } from '../results/drained.ts';
import { legacyBody, legacyLogin, legacyQuery } from './bodies.ts';
import { LegacyRows } from './legacy-rows.ts';
import { separatedBy } from './separated.ts';
import { legacyFields, newSession, nextPart } from './session.ts';

export interface LegacyDeps {
  readonly limits: Pick<Limits, 'queryBytes'>;
  readonly run: Pick<RunDeps, 'connections'>;
  /** Left out where no results are kept. */
  readonly results?: { readonly jobs: Jobs | null };
  readonly gate: {
    /** Whether who asks must say who they are. */
    readonly asksWho: boolean;
    /** Rejects with unauthenticated and its like. */
    check(credential: string, request: IncomingMessage): Promise<void>;
  };
}

type Routes = 'login' | 'start' | 'next' | 'download' | 'refuseExport' | 'close';

/** The token of clients of a server that asks nobody who they are. */
const NOBODYS_TOKEN = 'anonymous';

export function createLegacyRoutes(deps: LegacyDeps): Readonly<Record<Routes, RequestHandler>> {
  const { limits, gate } = deps;
  return {
    login: async (request, response) => {
      jobsOf(deps);
      const { password, encrypted } = legacyBody(
        bodyOf(request),
        request.headers['content-type'],
        legacyLogin,
      );
      if (encrypted === true) throw encryptedLogin();
      await gate.check(password, request);
      response.json({ status: 'OK', token: gate.asksWho ? password : NOBODYS_TOKEN });
    },
    start: async (request, response) => {
      const jobs = jobsOf(deps);
      const asked = legacyBody(bodyOf(request), request.headers['content-type'], legacyQuery);
      checkSize(asked.q, limits.queryBytes);
      const session = newSession(asked, (sid) => jobs.hasSession(sid));
      await jobs.submit(principalOf(request), queryOf(asked.q), null, session);
      // The digits of the number are those that the next requests come with.
      response.type('json').send(`{"sid":${session.sid}}\n`);
    },
    next: async (request, response) => {
      const { jobs, job } = await found(deps, request);
      if (job.error !== null) throw QueryError.fromWire(job.error);
      if (job.state === 'running') {
        response.json({ status: { current: 0, total: 1 }, isEnd: false, fields: [], results: [] });
        return;
      }
      const { part, isEnd, status, position } = nextPart(job);
      const head = { status, isEnd, fields: legacyFields(job.columns!) };
      await sendRows(jobs, job, { form: 'arrays', part }, request, new LegacyRows(response, head));
      if (response.writableEnded) await jobs.moveSession(job, position);
    },
    download: async (request, response) => {
      const download = downloadIn(request.originalUrl);
      const { jobs, job } = await found(deps, request);
      checkEnded(job);
      const disposition = `attachment; filename="${download.fileName}"`;
      if (download.type === 'json') {
        const rows = new LegacyRows(response, { fields: legacyFields(job.columns!) }, [
          'Content-Disposition',
          disposition,
        ]);
        await sendRows(jobs, job, { form: 'objects', part: null }, request, rows);
      } else await sendSeparated(jobs, job, download, disposition, response);
    },
    refuseExport: async (request) => {
      await found(deps, request);
      throw new QueryError('unsupported', 'this server writes no exports', {
        hint: 'GET /angora/query/jobs/{sid}/download sends the rows as csv, tsv or json.',
      });
    },
    close: async (request, response) => {
      const { jobs, job } = await found(deps, request);
      await jobs.end(job);
      response.type('json').send(`{"sid":${job.session!.sid}}\n`);
    },
  };
}

async function found(
  deps: LegacyDeps,
  request: Request,
): Promise<{ readonly jobs: Jobs; readonly job: Job }> {
  const jobs = jobsOf(deps);
  const principal = principalOf(request);
  const job = await jobs.findSession(String(request.params.sid), principal);
  checkRights(deps.run.connections, job, principal);
  return { jobs, job };
}

function jobsOf({ results }: LegacyDeps): Jobs {
  if (results?.jobs?.hasLegacyApi === true) return results.jobs;
  throw new QueryError('not-found', "the older engine's addresses do not answer here", {
    hint: 'Set `jobs.legacyApi` to "on" in the configuration (FORKLINE_JOBS_LEGACY_API=on), beside `jobs.mode`.',
  });
}

function queryOf(text: string): QueryRequest {
  return {
    ...{ text, connection: null, parameters: {}, capRows: null, timeoutMs: null, pushdown: 'auto' },
    ...{ language: 'legacy', model: null, wasEncrypted: false },
    answer: { format: 'json', rows: 'arrays', numbers: 'number' },
  };
}

function checkEnded(job: Job): void {
  if (job.error !== null) throw QueryError.fromWire(job.error);
  if (job.state === 'running')
    throw new QueryError('job-running', 'the query has not ended yet', {
      hint: 'Ask for its parts until isEnd.',
      retryAfterSeconds: 1,
    });
}

async function sendRows(
  jobs: Jobs,
  job: Job,
  {
    form,
    part,
  }: { readonly form: 'arrays' | 'objects'; readonly part: { offset: number; limit: number } | null },
  request: Request,
  rows: LegacyRows,
): Promise<void> {
  const options = { format: 'ndjson', rows: form, numbers: 'number', end: 'none' } as const;
  const response = request.res!; // Express sets it
  let failure: WireError | null = null;
  await jobs.conversions.convertTo(job, { options, part }, principalOf(request), response, () => ({
    target: rows,
    end: () => rows.end(),
    fail(error) {
      failure = error;
    },
  }));
  if (failure === null) return;
  if (rows.hasBegun)
    response.destroy(); // only a cut connection tells that rows are missing
  else throw QueryError.fromWire(failure);
}

async function sendSeparated(
  { conversions }: Jobs,
  job: Job,
  { separator, type }: Download,
  disposition: string,
  response: Response,
): Promise<void> {
  await conversions.withRows(job, null, async (pieces) => {
    response.writeHead(200, [
      ...[
        'Content-Type',
        type === 'tsv' ? 'text/tab-separated-values; charset=utf-8' : 'text/csv; charset=utf-8',
      ],
      ...['Content-Disposition', disposition, 'Cache-Control', 'no-store'],
      ...SECURITY_HEADERS,
    ]);
    try {
      for await (const piece of separator === ',' ? pieces : separatedBy(separator, pieces)) {
        if (response.destroyed) return;
        if (!response.write(piece)) await drained(response);
      }
      response.end();
    } catch {
      response.destroy();
    }
  });
}

function encryptedLogin(): QueryError {
  return new QueryError('bad-request', 'an encrypted password is not read', {
    hint: 'Leave `encrypted` out: with https the connection is what is encrypted.',
  });
}
