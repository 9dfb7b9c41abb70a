#!/usr/bin/env node
import { environment } from '../core/config/config.ts';
import type { Command } from './arguments.ts';
import { parseCommandLine } from './arguments.ts';
/**
 * The `forkline` command. It reads the command line and hands over; each command's code is loaded only when it is
 * the one, because `forkline start` becomes the monitor and must stay small.
 */
import { HELP } from './help.ts';
import { UsageError } from './kit/usage-error.ts';

const env = environment();

async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(parseCommandLine(args));
  } catch (error) {
    return await report(error);
  }
}

async function run(command: Command): Promise<number> {
  switch (command.name) {
    case 'help':
      process.stdout.write(`${HELP}\n`);
      return 0;
    case 'version':
      process.stdout.write(`${(await import('../core/process/package-version.ts')).packageVersion()}\n`);
      return 0;
    case 'start':
      return await start(command.configFile);
    case 'query':
      await (await import('./query.ts')).runQuery(await client(command.url), command, process);
      return 0;
    case 'explain':
      await (await import('./explain.ts')).runExplain(await client(command.url), command, process);
      return 0;
    case 'compile':
      return await (await import('./compile.ts')).runCompile(command, process);
    case 'fmt':
      return await (await import('./fmt.ts')).runFmt(command, process);
    case 'status':
      return await status(command);
    case 'top':
      return await (await import('./top.ts')).runTop(await client(command.url), command.once, process);
    case 'logs':
      await (await import('./logs.ts')).runLogs(await client(command.url), command, process);
      return 0;
    case 'scale': {
      const { runScale } = await import('./scale.ts');
      await runScale(question(command.configFile), command.sizes, command.json, process);
      return 0;
    }
    case 'doctor': {
      const { runDoctor } = await import('./doctor.ts');
      return await runDoctor(question(command.configFile), command.json, process);
    }
    case 'grants':
      process.stdout.write((await import('../connectors/postgres/guard/grants.ts')).grantsSql());
      return 0;
    case 'extensions': {
      const { runExtensions } = await import('./extensions/extensions.ts');
      return await runExtensions(question(command.configFile), command, process);
    }
    case 'keys':
      return await (await import('./access/keys.ts')).runKeys(question(command.configFile), command, process);
    case 'jobs':
      await (await import('./results/jobs.ts')).runJobs(await client(command.url), command, process);
      return 0;
    case 'cache':
      if (command.action === 'trigger') {
        process.stdout.write((await import('./results/cache-trigger.ts')).triggerSql(command.table));
        return 0;
      }
      await (await import('./results/cache.ts')).runCache(await client(command.url), command, process);
      return 0;
    case 'audit':
      return await (await import('./access/audit.ts')).runAudit(
        question(command.configFile),
        command,
        process,
      );
    case 'policy':
      return await (await import('./access/policy.ts')).runPolicy(
        question(command.configFile),
        command,
        process,
      );
    case 'connection': {
      const { runConnection } = await import('./connection.ts');
      return await runConnection(await client(command.url), command, process);
    }
    case 'model':
      return await (await import('./models/model.ts')).runModel(await client(command.url), command, process);
    case 'migrate-query': {
      const { runMigrateQuery } = await import('./migrate-query.ts');
      return await runMigrateQuery(command, () => client(command.url), process);
    }
    case 'migrate':
      return await (await import('./migrate.ts')).runMigrate(
        question(command.configFile),
        command.check,
        process,
      );
    default:
      throw command satisfies never;
  }
}

async function status(command: Extract<Command, { name: 'status' }>): Promise<number> {
  const { json, local, url } = command;
  if (local) await (await import('./local-status.ts')).showLocal(question(command.configFile), json, process);
  else await (await import('./status.ts')).showStatus(await client(url), json, process.stdout);
  return 0;
}

function question(file: string | undefined) {
  return { cwd: process.cwd(), file };
}

async function start(configFile: string | undefined): Promise<number> {
  const module = await import('./start.ts');
  return await module.start({
    cwd: process.cwd(),
    configFile,
    print: (line) => process.stdout.write(`${line}\n`),
    printError: (line) => process.stderr.write(`${line}\n`),
  });
}

async function client(url: string | null) {
  const { createClient, DEFAULT_URL } = await import('./kit/client.ts');
  const named = url ?? (env.FORKLINE_URL || null);
  const base =
    named ?? (await (await import('./local-server.ts')).localServer(process.cwd(), env)) ?? DEFAULT_URL;
  return createClient(base, env.FORKLINE_KEY || null);
}

async function report(error: unknown): Promise<number> {
  if (error instanceof UsageError) {
    process.stderr.write(`forkline: ${error.message}\n`);
    return 2;
  }
  const { ConnectionError, ServerError } = await import('./kit/client.ts');
  const { ControlFailure } = await import('./control-client.ts');
  if (error instanceof ServerError) {
    const { renderProblem } = await import('./render-problem.ts');
    process.stderr.write(`${renderProblem(error.problem)}\n`);
    return 1;
  }
  if (error instanceof ConnectionError || error instanceof ControlFailure) {
    process.stderr.write(`forkline: ${error.message}\n`);
    return 1;
  }
  throw error;
}

// A reader that has enough (head, less) is no failure; there is nobody left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await main(process.argv.slice(2));
