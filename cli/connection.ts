/** `forkline connection`: lists, shows, tests and changes connections of a server while it runs. */

import type { ConnectionCommand } from './connection-arguments.ts';
import type { Client } from './kit/client.ts';
import { editInEditor } from './kit/editor.ts';
import type { Output } from './kit/output.ts';
import { renderTable } from './kit/table.ts';
import { UsageError } from './kit/usage-error.ts';
import { editedModel, modelText, readModelFiles } from './models/model-files.ts';

interface Listed {
  readonly connections: readonly {
    readonly name: string;
    readonly dialect: string;
    readonly default: boolean;
    readonly source: string;
  }[];
  readonly unused?: readonly { readonly name: string; readonly problem: string }[];
}

interface Shown {
  readonly source: 'configuration' | 'catalogue';
  readonly dialect?: string;
  readonly version?: number;
  readonly definition?: Readonly<Record<string, unknown>>;
  readonly author?: string;
  readonly at?: string;
  readonly reason?: string;
  readonly problem?: string | null;
}

interface Saved {
  readonly name: string;
  readonly version: number;
  readonly changed: boolean;
  readonly inUse: boolean;
  readonly problem: string | null;
}

interface Tested {
  readonly ok: boolean;
  readonly findings: readonly { readonly level: string; readonly text: string }[];
}

type Say = (line: string) => void;

/** Resolves with the exit code: 1 when a test found a problem. Rejects with ServerError and UsageError. */
export async function runConnection(
  client: Client,
  command: ConnectionCommand,
  output: Output,
): Promise<number> {
  const say: Say = (line) => void output.stdout.write(`${line}\n`);
  switch (command.action) {
    case 'list':
      await list(client, command.json, say);
      return 0;
    case 'show':
      await show(client, command.connection, command.json, say);
      return 0;
    case 'create': {
      const body = await definitionIn(command.file);
      const saved = await client.send<Saved>('POST', `/v1/connections${reasonOf(command)}`, { body });
      saySaved(saved.json, say);
      return 0;
    }
    case 'edit':
      return await edit(client, command, output, say);
    case 'remove': {
      const headers = { 'if-match': String(await versionOf(client, command.connection)) };
      await client.send('DELETE', `${pathOf(command.connection)}${reasonOf(command)}`, { headers });
      say(`removed ${command.connection}`);
      return 0;
    }
    case 'test':
      return await test(client, command.subject, command.json, say);
    default:
      throw command satisfies never;
  }
}

async function list(client: Client, json: boolean, say: Say): Promise<void> {
  const found = await client.getJson<Listed>('/v1/connections');
  if (json) return say(JSON.stringify(found));
  const columns = ['name', 'dialect', 'default', 'from'].map((name) => ({ name, alignRight: false }));
  const cells = found.connections.map((each) => [
    ...[each.name, each.dialect, each.default ? 'yes' : '', each.source],
  ]);
  say(renderTable(columns, cells));
  for (const { name, problem } of found.unused ?? []) say(`${name} is not in use: ${problem}`);
}

async function show(client: Client, name: string, json: boolean, say: Say): Promise<void> {
  const found = await client.getJson<Shown>(pathOf(name));
  if (json) return say(JSON.stringify(found));
  if (found.definition === undefined)
    return say(`# ${name} is the configuration's; it speaks ${found.dialect}`);
  const why = found.reason === '' ? '' : `: ${found.reason}`;
  say(`# version ${found.version}, by ${found.author} at ${found.at}${why}`);
  if (found.problem !== null && found.problem !== undefined) say(`# not in use: ${found.problem}`);
  say(modelText({ name, ...found.definition }).trimEnd());
}

async function edit(
  client: Client,
  { connection, reason }: Extract<ConnectionCommand, { action: 'edit' }>,
  output: Output,
  say: Say,
): Promise<number> {
  const { version, definition } = await client.getJson<Shown>(pathOf(connection));
  if (definition === undefined)
    throw new UsageError(`${connection} is the configuration's: change it there, and reload`);
  const text = modelText({ name: connection, ...definition });
  return await editInEditor('connection', text, output, async (after) => {
    const headers = { 'if-match': `"${version}"` };
    const path = `${pathOf(connection)}${reasonOf({ reason })}`;
    const saved = await client.send<Saved>('PUT', path, { body: editedModel(after), headers });
    saySaved(saved.json, say);
  });
}

/** A file is a definition that need not be saved; anything else is the name of a connection. */
async function test(client: Client, subject: string, json: boolean, say: Say): Promise<number> {
  const isFile = /\.ya?ml$|\.json$|\//.test(subject);
  const body = isFile ? await definitionIn(subject) : undefined;
  const name = isFile ? nameIn(body, subject) : subject;
  const { json: tested } = await client.send<Tested>(
    'POST',
    `${pathOf(name)}/test`,
    body === undefined ? {} : { body },
  );
  if (json) say(JSON.stringify(tested));
  else for (const { level, text } of tested.findings) say(`${level.padEnd(7)}  ${text}`);
  return tested.ok ? 0 : 1;
}

async function definitionIn(file: string): Promise<unknown> {
  return (await readModelFiles([file]))[0]!.definition;
}

function nameIn(definition: unknown, file: string): string {
  const name =
    typeof definition === 'object' && definition !== null && 'name' in definition ? definition.name : null;
  if (typeof name === 'string') return name;
  throw new UsageError(`${file} says no name`);
}

function saySaved({ name, version, changed, inUse, problem }: Saved, say: Say): void {
  say(
    changed ? `${name} is saved as version ${version}` : `${name} is the same already, in version ${version}`,
  );
  if (problem !== null) say(`${inUse ? 'it cannot be reached' : 'it is not in use'}: ${problem}`);
}

async function versionOf(client: Client, name: string): Promise<number | string> {
  // The server says of those of the configuration that they cannot be removed.
  return (await client.getJson<Shown>(pathOf(name))).version ?? '*';
}

function pathOf(name: string): string {
  return `/v1/connections/${encodeURIComponent(name)}`;
}

function reasonOf({ reason }: { readonly reason: string | null }): string {
  return reason === null ? '' : `?reason=${encodeURIComponent(reason)}`;
}
