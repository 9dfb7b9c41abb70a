/** The routes of jobs: list, state, result, end. Each shows a principal its own jobs only. */
import type { Request, RequestHandler } from 'express';
import { QueryError } from '../../core/protocol/errors.ts';
import { principalOf } from '../../core/protocol/principal.ts';
import { checkRights } from '../jobs/check-rights.ts';
import type { Job } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Part } from '../jobs/parts.ts';
import { sendJobResult } from '../jobs/submit.ts';
import type { AppDeps } from './app-deps.ts';
import { knownOptions } from './request/known-options.ts';
import { RESULT_OPTIONS, resultOptions } from './request/result-options.ts';

export function createJobRoutes(
  deps: AppDeps,
): Readonly<Record<'list' | 'show' | 'result' | 'end', RequestHandler>> {
  return {
    list: async (request, response) => {
      const { jobs } = jobsOf(deps);
      const own = await jobs.list(principalOf(request));
      response.json({ jobs: own.map((job) => jobs.viewOf(job)) });
    },
    show: async (request, response) => {
      const { jobs } = jobsOf(deps);
      response.json(jobs.viewOf(await found(jobs, request)));
    },
    result: async (request, response) => {
      const { jobs } = jobsOf(deps);
      const options = knownOptions(request.originalUrl, OPTIONS);
      const part = partIn(options);
      const job = await found(jobs, request);
      const principal = principalOf(request);
      checkRights(deps.run.connections, job, principal);
      const wanted = { options: resultOptions(request, options, job.answer), part };
      await sendJobResult(jobs, job, wanted, principal, request, response);
    },
    end: async (request, response) => {
      const { jobs } = jobsOf(deps);
      const job = await found(jobs, request);
      if ((await jobs.end(job)) === 'removed') response.status(204).end();
      else response.status(202).json(jobs.viewOf(job));
    },
  };
}

function found(jobs: Jobs, request: Request): Promise<Job> {
  return jobs.find(String(request.params.jobId), principalOf(request));
}

function jobsOf({ results }: AppDeps): { readonly jobs: Jobs } {
  if (results !== undefined && results.jobs !== null) return { jobs: results.jobs };
  throw new QueryError('not-found', 'there are no jobs here', {
    hint: 'Set `jobs.mode` to "on" in the configuration (FORKLINE_JOBS=on).',
  });
}

const OPTIONS = ['offset', 'limit', ...RESULT_OPTIONS];

/** Returns null when the whole result is asked for. */
function partIn(options: ReadonlyMap<string, string>): Part | null {
  if (!options.has('offset') && !options.has('limit')) return null;
  return {
    offset: wholeIn('offset', options.get('offset'), 0, 0),
    limit: wholeIn('limit', options.get('limit'), 1, Number.MAX_SAFE_INTEGER),
  };
}

function wholeIn(name: string, given: string | undefined, least: number, usual: number): number {
  if (given === undefined) return usual;
  if (/^\d{1,15}$/.test(given) && Number(given) >= least) return Number(given);
  throw new QueryError('bad-request', `${name} must be a whole number of ${least} or more, not ${given}`);
}
