/**
 * `forkline audit`: checks the audit's files, the oldest first, or prints the head, which is worth keeping elsewhere. The server
 * need not run; while it does, a half line at the end is one that is being written.
 */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type { ChainHead } from '../../core/audit/chain.ts';
import { type AuditReport, AuditVerifier } from '../../core/audit/verify.ts';
import { createLineSplitter } from '../../core/logging/wire.ts';
import { listRotated } from '../../logger/store/names.ts';
import type { Output } from '../kit/output.ts';
import { type ConfigQuestion, readConfig } from '../kit/read-config.ts';
import type { AuditCommand } from './access-arguments.ts';

/** Resolves with the exit code: 0, 1 (the audit has problems, or there is none), 2 (the configuration is broken). */
export async function runAudit(
  question: ConfigQuestion,
  command: AuditCommand,
  { stdout, stderr }: Output,
): Promise<number> {
  const loaded = await readConfig(question);
  if ('errors' in loaded) {
    stderr.write(`forkline: ${loaded.errors.join('\n')}\n`);
    return 2;
  }
  const { audit } = loaded.config;
  const path = command.file ?? audit.file;
  if (path === null) {
    stderr.write('forkline: no audit is configured (audit.file); name a file: forkline audit verify FILE\n');
    return 1;
  }
  const verifier = new AuditVerifier({ mayBeginLate: audit.keepDays > 0, expected: command.expected });
  try {
    for (const file of await filesOf(path)) await feed(file, verifier);
  } catch (thrown) {
    stderr.write(`forkline: ${path}: it cannot be read (${(thrown as NodeJS.ErrnoException).code})\n`);
    return 1;
  }
  const report = verifier.finish();
  if (command.action === 'head') return tellHead(report.head, stdout, stderr);
  stdout.write(command.json ? `${JSON.stringify(report, null, 2)}\n` : told(report));
  return report.problems.length > 0 ? 1 : 0;
}

/** The rotated files, the oldest first, and then the one that is written now. */
async function filesOf(path: string): Promise<string[]> {
  const rotated = await listRotated(path);
  return [...rotated.map((file) => file.path).reverse(), path];
}

async function feed(file: string, verifier: AuditVerifier): Promise<void> {
  let number = 0;
  const split = createLineSplitter(Number.POSITIVE_INFINITY, (line) => {
    number++;
    verifier.add(line.toString('utf8', 0, line.length - 1), `${basename(file)}:${number}`);
  });
  for await (const chunk of createReadStream(file)) split(chunk as Buffer);
}

function tellHead(head: ChainHead | null, stdout: Output['stdout'], stderr: Output['stderr']): number {
  if (head === null) {
    stderr.write('forkline: the audit has no record yet\n');
    return 1;
  }
  stdout.write(`${head.n}:${head.hash}\n`);
  return 0;
}

function told({ lines, firstN, head, unended, problems }: AuditReport): string {
  const found = problems.map(({ where, problem }) => `${where}: ${problem}`);
  const range = head === null ? '' : `, ${firstN} to ${head.n}`;
  const open = unended === 0 ? [] : [`queries without an end (they run, or their server died): ${unended}`];
  const end = head === null ? [] : [`head: ${head.n}:${head.hash}`];
  const verdict = problems.length === 0 ? 'the audit is whole' : `the audit has ${problems.length} problems`;
  return `${[...found, ...open, `records: ${lines}${range}`, ...end, verdict].join('\n')}\n`;
}
