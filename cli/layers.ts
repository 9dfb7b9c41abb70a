/** Finds out which layers around worker processes are in force on this machine, for `forkline doctor`. */
import { fileURLToPath } from 'node:url';
import type { Finding } from '../connectors/kit/connector.ts';
import type { Config } from '../core/config/config.ts';
import { findBuild } from '../core/process/build.ts';
import { filesOf } from '../core/protocol/connection.ts';
import { findTools, type Tools } from '../monitor/children/tools.ts';
import { findSandbox, isSandbox, type NoSandbox, type Sandbox } from '../monitor/sandbox/sandbox.ts';

/** A finding about one layer: `sandbox`, `privileges` or `memory`. */
export type LayerFinding = Finding & { readonly layer: string };

export async function examineLayers(config: Config): Promise<readonly LayerFinding[]> {
  const [tools, sandbox] = await Promise.all([
    findTools(config.dsl.dataLimitBytes),
    findSandbox(fileURLToPath(findBuild().root)),
  ]);
  return [...sandboxFindings(config, sandbox), ...toolFindings(tools)];
}

function sandboxFindings(config: Config, sandbox: Sandbox | NoSandbox): LayerFinding[] {
  const layer = 'sandbox';
  const { sandbox: mode } = config.dsl;
  if (mode === 'off')
    return [{ layer, level: 'note', text: 'DSL workers run without one, since dsl.sandbox is "off"' }];
  if (!isSandbox(sandbox)) {
    const level = mode === 'require' ? 'problem' : 'note';
    return [{ layer, level, text: `DSL workers run without one: ${sandbox.missing}` }];
  }
  const stores = Object.entries(filesOf(config.connections)).filter(([, { store }]) => store !== undefined);
  return [{ layer, level: 'ok', text: describe(sandbox, stores.length === 0) }, ...storeFindings(stores)];
}

function describe({ bwrap, closesUserNamespaces, seccomp }: Sandbox, noNetwork: boolean): string {
  const parts = [
    'files of their own and of connections only',
    ...(noNetwork ? ['no network'] : []),
    'no other process',
    ...(closesUserNamespaces ? ['no further user namespaces'] : []),
    ...(seccomp === null ? [] : ['a filter of system calls']),
  ];
  return `DSL workers run in ${bwrap}: ${parts.join(', ')}`;
}

function storeFindings(stores: readonly (readonly [string, unknown])[]): LayerFinding[] {
  if (stores.length === 0) return [];
  const names = stores.map(([name]) => name).join(', ');
  const text = `they share this machine's network, since they fetch the files of stores (${names})`;
  return [{ layer: 'sandbox', level: 'note', text }];
}

function toolFindings({ setpriv, prlimit }: Tools): LayerFinding[] {
  return [
    setpriv === null
      ? {
          layer: 'privileges',
          level: 'note',
          text: 'no setpriv (util-linux): a setuid program could give a process more rights',
        }
      : {
          layer: 'privileges',
          level: 'ok',
          text: 'no process gets more rights by a program that it starts (no-new-privs)',
        },
    prlimit === null
      ? {
          layer: 'memory',
          level: 'note',
          text: 'no prlimit (util-linux): the kernel sets no limit to the memory of a DSL worker',
        }
      : { layer: 'memory', level: 'ok', text: 'the kernel limits the memory of each DSL worker (prlimit)' },
  ];
}
