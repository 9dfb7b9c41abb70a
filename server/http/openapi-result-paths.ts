/** The paths of kept results in /openapi.json. */
import { contentOf, inUrl, json, jsonContent, type Path, problems } from './openapi-parts.ts';
import { ANSWER_FORMATS } from './request/accepted-format.ts';

/** Returns the answer in any format. */
function resultAnswer(): object {
  const contents = ANSWER_FORMATS.map(contentOf);
  return {
    description: 'The answer in the format asked for',
    content: Object.assign({}, ...contents) as object,
  };
}

const jobId = {
  name: 'jobId',
  in: 'path',
  required: true,
  schema: { type: 'string', pattern: '^[0-9a-f]{32}$' },
};

export function resultPaths(): Record<string, Path> {
  return {
    '/v1/cache': {
      get: {
        operationId: 'showCache',
        summary: 'Kept answers, those used last first, with what the cache has counted',
        parameters: [
          inUrl('limit', { type: 'integer', minimum: 1, maximum: 10000, default: 100 }, 'Entries shown'),
        ],
        responses: { 200: json('The cache', 'Cache'), ...problems() },
      },
    },
    '/v1/jobs': {
      get: {
        operationId: 'listJobs',
        summary: "The client's own jobs, newest first",
        description: 'POST /v1/query with `Prefer: respond-async` or `wait=5` starts one.',
        responses: { 200: json('The jobs', 'Jobs'), ...problems() },
      },
    },
    '/v1/jobs/{jobId}': {
      parameters: [jobId],
      get: {
        operationId: 'getJob',
        summary: 'The state of a job',
        responses: { 200: json('The job', 'Job'), ...problems() },
      },
      delete: {
        operationId: 'endJob',
        summary: 'Cancel a job that runs, remove one that has ended',
        responses: {
          202: json('It will end', 'Job'),
          204: { description: 'It was removed' },
          ...problems(),
        },
      },
    },
    '/v1/jobs/{jobId}/result': {
      parameters: [jobId],
      get: {
        operationId: 'getJobResult',
        summary: 'The result of a job, as often as wanted until it expires',
        parameters: [
          inUrl(
            'offset',
            { type: 'integer', minimum: 0, default: 0 },
            'A part of the rows: the first one, from 0',
          ),
          inUrl('limit', { type: 'integer', minimum: 1 }, 'A part of the rows: the most'),
          inUrl(
            'format',
            { type: 'string', enum: [...ANSWER_FORMATS] },
            'Instead of Accept; the format that the job was started with when left out',
          ),
          inUrl('rows', { type: 'string', enum: ['objects', 'arrays'] }, 'How JSON rows look'),
          inUrl(
            'numbers',
            { type: 'string', enum: ['number', 'string'] },
            'How int64 and decimal look in JSON',
          ),
          inUrl('end', { type: 'string', enum: ['line', 'none'] }, 'NDJSON: `none` leaves out the last line'),
        ],
        responses: {
          200: resultAnswer(),
          ...problems(),
        },
      },
    },
    '/v1/cache/purge': {
      post: {
        operationId: 'purgeCache',
        summary: 'Say what has changed, so that answers made from it are not sent any more',
        requestBody: { required: true, content: jsonContent('PurgeRequest') },
        responses: { 200: json('How many entries that concerns', 'Purged'), ...problems() },
      },
    },
  };
}
