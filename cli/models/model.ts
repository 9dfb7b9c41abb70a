/** `forkline model`: lists, shows, changes and tests models of a server, and keeps them as files. */
import type { MemberDiff } from '../../catalogue/models/diff.ts';
import type { ModelPage, ModelUses, ModelVersion } from '../../catalogue/models/reading.ts';
import type { Client } from '../kit/client.ts';
import type { Output } from '../kit/output.ts';
import { renderTable } from '../kit/table.ts';
import type { ModelCommand } from './model-arguments.ts';
import { editModel } from './model-edit.ts';
import { modelText, readModelFiles, writeModelFiles } from './model-files.ts';
import {
  type Definition,
  pathOf,
  reasonOf,
  type Saved,
  type Shown,
  savedLine,
  shown,
} from './model-requests.ts';

interface Tested {
  readonly ok: boolean;
  readonly contract: {
    readonly broken: readonly string[];
    readonly added: readonly { readonly name: string; readonly type: string }[];
    readonly heldAt: string;
    readonly brokenSince: string | null;
  };
  readonly freshness: {
    readonly newest: string | null;
    readonly ok: boolean;
    readonly allowedMs: number;
  } | null;
}

interface Applied {
  readonly applied: boolean;
  readonly steps: readonly {
    readonly name: string;
    readonly action: 'create' | 'change' | 'same' | 'remove';
    readonly version: number;
    readonly changes: readonly MemberDiff[];
  }[];
}

/** Resolves with the exit code: 1 when a test found something. Rejects with ServerError and UsageError. */
export async function runModel(client: Client, command: ModelCommand, output: Output): Promise<number> {
  const say = (line: string): void => void output.stdout.write(`${line}\n`);
  switch (command.action) {
    case 'list':
      await list(client, command, say);
      return 0;
    case 'show':
      await show(client, command, say);
      return 0;
    case 'create': {
      const [file] = await readModelFiles([command.file]);
      const saved = await client.send<Saved>('POST', `/v1/models${reasonOf(command)}`, {
        body: file!.definition,
      });
      say(savedLine(saved.json));
      return 0;
    }
    case 'edit':
      return await editModel(client, command, output);
    case 'remove': {
      const headers = { 'if-match': String((await shown(client, command.model)).version) };
      await client.send('DELETE', `${pathOf(command.model)}${reasonOf(command)}`, { headers });
      say(`removed ${command.model}`);
      return 0;
    }
    case 'test':
      return await test(client, command, say);
    case 'uses':
      await uses(client, command, say);
      return 0;
    case 'versions':
      await versions(client, command, say);
      return 0;
    case 'diff': {
      const options = new URLSearchParams();
      if (command.from !== null) options.set('from', String(command.from));
      if (command.to !== null) options.set('to', String(command.to));
      const diff = await client.getJson<{ from: number; to: number; changes: readonly MemberDiff[] }>(
        `${pathOf(command.model)}/diff?${options}`,
      );
      say(`${command.model}: version ${diff.from} -> ${diff.to}`);
      for (const line of diffLines(diff.changes)) say(line);
      return 0;
    }
    case 'rollback': {
      const headers = { 'if-match': String((await shown(client, command.model)).version) };
      const options = `?to=${command.to}${reasonOf(command).replace('?', '&')}`;
      const saved = await client.send<Saved>('POST', `${pathOf(command.model)}/rollback${options}`, {
        headers,
        body: {},
      });
      say(savedLine(saved.json));
      return 0;
    }
    case 'apply':
      await apply(client, command, say);
      return 0;
    case 'export': {
      const { models } = await client.getJson<{ models: readonly { definition: Definition }[] }>(
        '/v1/catalogue/export',
      );
      const written = await writeModelFiles(
        command.dir,
        models.map(({ definition }) => definition),
      );
      say(`${models.length} models in ${command.dir}, ${written.length} files written`);
      return 0;
    }
    default:
      throw command satisfies never;
  }
}

type Say = (line: string) => void;
type Of<A extends ModelCommand['action']> = Extract<ModelCommand, { action: A }>;

/** Asks for page after page: nothing is left out. */
async function list(client: Client, { tag, search, json }: Of<'list'>, say: Say): Promise<void> {
  const models: ModelPage['models'][number][] = [];
  for (let after: string | null = ''; after !== null; ) {
    const options = new URLSearchParams({ limit: '500' });
    if (tag !== null) options.set('tag', tag);
    if (search !== null) options.set('q', search);
    if (after !== '') options.set('after', after);
    const page: ModelPage = await client.getJson<ModelPage>(`/v1/models?${options}`);
    models.push(...page.models);
    after = page.next;
  }
  if (json) return say(JSON.stringify(models));
  const columns = ['name', 'version', 'owner', 'tags', 'description'].map((name) => ({
    name,
    alignRight: name === 'version',
  }));
  const cells = models.map(({ name, version, owner, tags, description }) => [
    ...[name, version, owner, tags.join(' ')],
    description.split('\n')[0],
  ]);
  say(renderTable(columns, cells));
}

async function show(client: Client, { model, at, json }: Of<'show'>, say: Say): Promise<void> {
  const found = await client.getJson<Shown>(`${pathOf(model)}${at === null ? '' : `?version=${at}`}`);
  if (json) return say(JSON.stringify(found));
  say(
    `# version ${found.version}${found.contract?.brokenSince ? `, its contract is broken since ${found.contract.brokenSince}` : ''}`,
  );
  say(found.definition === null ? '# it was removed in this version' : modelText(found.definition).trimEnd());
}

async function test(client: Client, { model, json }: Of<'test'>, say: Say): Promise<number> {
  const { json: tested } = await client.send<Tested>('POST', `${pathOf(model)}/test`, { body: {} });
  if (json) say(JSON.stringify(tested));
  else {
    const { contract, freshness } = tested;
    const since = contract.brokenSince === null ? '' : ` since ${contract.brokenSince}`;
    say(
      contract.broken.length === 0
        ? 'contract: holds'
        : `contract: broken${since}, it last held at ${contract.heldAt}`,
    );
    for (const line of contract.broken) say(`  ${line}`);
    for (const { name, type } of contract.added)
      say(`  new: ${name} (${type}), which the contract does not name`);
    if (freshness !== null)
      say(
        `freshness: the newest row is of ${freshness.newest}${freshness.ok ? '' : `, older than ${freshness.allowedMs / 1000} s`}`,
      );
  }
  return tested.ok ? 0 : 1;
}

async function uses(client: Client, { model, json }: Of<'uses'>, say: Say): Promise<void> {
  const found = await client.getJson<ModelUses>(`${pathOf(model)}/uses`);
  if (json) return say(JSON.stringify(found));
  const named = (models: ModelUses['reads']): string =>
    models.map(({ name, direct }) => (direct ? name : `(${name})`)).join(', ') || 'none';
  say(`reads the models: ${named(found.reads)}`);
  for (const { connection, tables, columns } of found.sources)
    say(`reads on ${connection}: ${tables?.join(', ') ?? 'SQL'}; columns ${columns.join(', ')}`);
  say(`is read by: ${named(found.readBy)}`);
}

async function versions(client: Client, { model, json }: Of<'versions'>, say: Say): Promise<void> {
  const found = await client.getJson<{ versions: readonly ModelVersion[] }>(`${pathOf(model)}/versions`);
  if (json) return say(JSON.stringify(found.versions));
  const columns = ['version', 'at', 'author', 'reason'].map((name) => ({
    name,
    alignRight: name === 'version',
  }));
  const cells = found.versions.map(({ version, at, author, reason, removed }) => [
    ...[version, at, author],
    removed ? `removed. ${reason}` : reason,
  ]);
  say(renderTable(columns, cells));
}

async function apply(client: Client, { paths, dryRun, prune, reason }: Of<'apply'>, say: Say): Promise<void> {
  const models = (await readModelFiles(paths)).map(({ definition }) => definition);
  const options = new URLSearchParams({ dryRun: 'true', prune: String(prune) });
  const send = async (): Promise<Applied> =>
    (await client.send<Applied>('POST', `/v1/catalogue/apply?${options}`, { body: { models } })).json;
  const plan = await send();
  const different = plan.steps.filter(({ action }) => action !== 'same');
  for (const { name, action, version, changes } of different) {
    say(`${action} ${name}${action === 'create' ? '' : ` (version ${version})`}`);
    if (action === 'change') for (const line of diffLines(changes)) say(line);
  }
  say(`${different.length} of ${plan.steps.length} models differ`);
  if (dryRun || different.length === 0) return;
  options.set('dryRun', 'false');
  if (reason !== null) options.set('reason', reason);
  await send();
  say('applied');
}

function diffLines(changes: readonly MemberDiff[]): readonly string[] {
  return changes.flatMap(({ member, before, after, lines }) => {
    if (lines !== undefined) return [`  ${member}:`, ...lines.map((line) => `    ${line}`)];
    return [
      `  ${member}:`,
      ...(before === undefined ? [] : [`    - ${textOf(before)}`]),
      ...(after === undefined ? [] : [`    + ${textOf(after)}`]),
    ];
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
