/** `forkline jobs`: queries that run without a client that waits, and their results. */
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { Client } from '../kit/client.ts';
import { durationText } from '../kit/duration-text.ts';
import { renderTable } from '../kit/table.ts';
import type { JobsCommand } from './results-arguments.ts';

/** The fields of GET /v1/jobs that are shown. */
export interface JobView {
  readonly id: string;
  readonly state: string;
  readonly phase: string;
  readonly query: string;
  readonly elapsedMs: number;
  readonly rows: number | null;
  readonly bytes: number;
  readonly error: { readonly code: string; readonly message: string } | null;
}

const QUERY_CHARACTERS = 60;

export async function runJobs(
  client: Client,
  command: JobsCommand,
  { stdout }: { readonly stdout: NodeJS.WritableStream },
): Promise<void> {
  switch (command.action) {
    case 'ls': {
      const { jobs } = await client.getJson<{ jobs: readonly JobView[] }>('/v1/jobs');
      stdout.write(`${command.json ? JSON.stringify({ jobs }, null, 2) : jobTable(jobs)}\n`);
      return;
    }
    case 'show': {
      const job = await client.getJson<JobView>(`/v1/jobs/${command.id}`);
      stdout.write(`${command.json ? JSON.stringify(job, null, 2) : jobTable([job])}\n`);
      return;
    }
    case 'result': {
      const { id, offset, limit, format } = command;
      const options = new URLSearchParams({
        ...(offset !== null && { offset: String(offset) }),
        ...(limit !== null && { limit: String(limit) }),
        ...(format !== null && { format }),
      });
      const search = options.size === 0 ? '' : `?${options}`;
      await pipeline(await client.get(`/v1/jobs/${id}/result${search}`), stdout, { end: false });
      return;
    }
    case 'rm':
      await client.delete(`/v1/jobs/${command.id}`);
      return;
    default:
      command satisfies never;
  }
}

/** Starts the query as a job, and prints the job's id. */
export async function startJob(client: Client, body: object, stdout: NodeJS.WritableStream): Promise<void> {
  const answer = await client.post('/v1/query', body, { prefer: 'respond-async' });
  const { id } = JSON.parse(await text(answer)) as JobView;
  stdout.write(`${id}\n`);
}

function jobTable(jobs: readonly JobView[]): string {
  if (jobs.length === 0) return 'no jobs';
  const columns = ['job', 'state', 'time', 'rows', 'KiB', 'query'].map((name) => ({
    name,
    alignRight: ['time', 'rows', 'KiB'].includes(name),
  }));
  const rows = jobs.map(({ id, state, phase, elapsedMs, rows: count, bytes, query, error }) => [
    id,
    error?.code ?? (state === 'running' ? phase : state),
    durationText(elapsedMs),
    count ?? '',
    Math.ceil(bytes / 1024),
    query.replace(/\s+/g, ' ').slice(0, QUERY_CHARACTERS),
  ]);
  return renderTable(columns, rows);
}
