/** The jobs on disk, one file each, so that they are there after a restart. Each file is replaced as a whole. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnswerFormat, AnswerOptions } from '../../core/protocol/answer.ts';
import type { Job } from './job.ts';

const ID = /^[0-9a-f]{32}$/;

/** Returns the name of the entry that has a job's result; whoever sees the file does not know the job's id. */
export function resultIdOf(jobId: string): string {
  return createHash('sha256').update(`job ${jobId}`).digest('hex').slice(0, 48);
}

export class JobFiles {
  readonly #dir: string;
  /** The latest change of each file that is being changed: they follow each other, since each replaces the whole file. */
  readonly #changing = new Map<string, Promise<void>>();

  constructor(resultsDir: string) {
    this.#dir = join(resultsDir, 'jobs');
  }

  /** Returns all jobs; a file that cannot be read is removed. */
  async readAll(): Promise<Job[]> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const names = await readdir(this.#dir);
    const jobs = await Promise.all(names.map((name) => this.read(name)));
    return jobs.flatMap((job) => (job === null ? [] : [job]));
  }

  /** Returns the job as it is on disk; null when there is none. */
  async read(id: string): Promise<Job | null> {
    if (!ID.test(id)) return null;
    try {
      return asToday(JSON.parse(await readFile(join(this.#dir, id), 'utf8')) as Job); // written by `write`, whole by renaming
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') await this.remove(id);
      return null;
    }
  }

  /** Writes the job as it is when its turn comes. */
  write(job: Job): Promise<void> {
    return this.#inTurn(job.id, async () => {
      const path = join(this.#dir, job.id);
      await writeFile(`${path}.new`, JSON.stringify(job), { mode: 0o600 });
      await rename(`${path}.new`, path);
    });
  }

  remove(id: string): Promise<void> {
    return this.#inTurn(id, () => rm(join(this.#dir, id), { force: true }));
  }

  async #inTurn(id: string, change: () => Promise<void>): Promise<void> {
    const before = this.#changing.get(id) ?? Promise.resolve();
    const changed = before.catch(() => {}).then(change); // the one who asked for the earlier change is told of its failure
    this.#changing.set(id, changed);
    try {
      await changed;
    } finally {
      if (this.#changing.get(id) === changed) this.#changing.delete(id);
    }
  }
}

/** The members of a job that an older version wrote. */
interface OlderJob {
  readonly format: AnswerFormat;
  readonly endLine: boolean;
}

/** Returns the job with the members of today, where an older version wrote it: its result is kept in its own format. */
function asToday(job: Job | (Omit<Job, 'answer' | 'columns'> & OlderJob)): Job {
  if ('answer' in job) return { ...job, session: job.session ?? null };
  const { format, endLine, ...rest } = job;
  const answer: AnswerOptions = {
    format,
    rows: 'objects',
    numbers: 'number',
    end: endLine ? 'line' : 'none',
  };
  return { ...rest, answer, columns: null };
}
