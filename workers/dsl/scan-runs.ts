/**
 * Calls over files in the worker: each gets an engine that may open the roots of its connections, tools, and an end. What a
 * worker remembers of files lives as long as it does.
 */
import { mkdirSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { RemoteCall, RemoteFiles } from '../../connectors/files/stores/remote-files.ts';
import type { ExtensionName } from '../../core/process/engine-extensions.ts';
import type { FilesConnection } from '../../core/protocol/connection.ts';
import type {
  DslWorkerConfig,
  FilesCall,
  RunStagesCall,
  RunStagesReply,
} from '../../core/protocol/dsl-worker.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { describeScan } from './describe-scan.ts';
import type { Engine, EnginePipes } from './engine.ts';
import { engineError } from './engine-errors.ts';
import { explainScans } from './explain-scans.ts';
import { type PreparedScans, prepareScans, refuseChangedFiles } from './prepare-scans.ts';
import { deadlineExceeded, remainingMs, startQuery } from './query-run.ts';
import { ScanEngines } from './scan-engine.ts';
import { connectionOf, type ScanTools } from './scan-sql.ts';
import { forgetProxies, NeedsExtension } from './scans/extensions.ts';
import { introspectFiles } from './scans/introspect-files.ts';
import { ScanMemory } from './scans/scan-context.ts';
import { fileError } from './scans/scan-errors.ts';
import { viewedTable, withheld } from './scans/shown-table.ts';
import { isBadText } from './scans/text-types.ts';
import { forgetTexts } from './scans/transcode.ts';
import type { RunningCall } from './service.ts';
import { watchScans } from './watch-scans.ts';

/** The longest line of a text file and the largest object of JSON lines. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const INTERRUPT_MS = 2;

interface EngineTools extends ScanTools {
  readonly engine: Engine;
  /** The stores that the call reads; null where it reads none. */
  readonly remote: RemoteCall | null;
}

/** A call that has begun, and how it is ended early. */
interface Life {
  cause: QueryError | null;
  /** Interrupts what the engine does now. */
  interrupt: () => void;
}

interface Begun {
  readonly queryId: string;
  readonly deadlineAt: number;
  /** A table that is shown by a view; null: there is none. */
  readonly viewed: string | null;
}

export class ScanRuns {
  readonly #config: DslWorkerConfig;
  readonly #pipes: EnginePipes;
  readonly #textDir: string;
  readonly #engines: ScanEngines;
  readonly #memory = new ScanMemory();
  #connections: Readonly<Record<string, FilesConnection>>;
  /** The extensions that queries have needed so far. */
  readonly #extensions = new Set<ExtensionName>();
  /** null until a query reads from a store. */
  #remote: RemoteFiles | null = null;
  #hasStaleStores = false;
  #hasTexts = false;

  constructor(config: DslWorkerConfig, pipes: EnginePipes) {
    this.#config = config;
    this.#pipes = pipes;
    this.#textDir = `${config.spillDir}.text`;
    this.#engines = new ScanEngines(config, pipes);
    this.#connections = config.files;
  }

  /** Takes changed connections, for the calls that come from now on. */
  change(connections: Readonly<Record<string, FilesConnection>>): void {
    this.#connections = connections;
    this.#hasStaleStores = true;
  }

  /** Forgets the last query. */
  async scrub(): Promise<void> {
    await this.#engines.renew();
    if (this.#hasStaleStores) this.#remote?.forget();
    this.#hasStaleStores = false;
    if (this.#hasTexts) this.#removeTexts();
  }

  close(): void {
    this.#engines.close();
    this.#remote?.close();
    this.#removeTexts();
  }

  #removeTexts(): void {
    rmSync(this.#textDir, { recursive: true, force: true });
    forgetTexts(this.#textDir);
    this.#hasTexts = false;
  }

  /** Answers a call that reads no rows for a client. */
  start(call: FilesCall): RunningCall<unknown> {
    const { connection } = call;
    const names =
      call.type === 'explain-scans' || call.type === 'watch-scans' ? scannedBy(call.plan) : [connection];
    return this.#begin<unknown>({ ...call, viewed: viewedBy(call) }, names, (tools) => {
      switch (call.type) {
        case 'describe-scan':
          return describeScan(tools, call);
        case 'explain-scans':
          return explainScans(tools, call);
        case 'watch-scans':
          return watchScans(tools, call);
        case 'introspect-files':
          return introspectFiles(tools, connectionOf(tools, call.connection), call);
        default:
          return call satisfies never;
      }
    });
  }

  /** Runs stages some of whose inputs are scans. */
  startQuery(call: RunStagesCall, socket: Socket): RunningCall<RunStagesReply> {
    const viewed = viewedTable(call.plan.inputs.map(({ scan }) => scan?.views ?? null));
    return this.#begin({ ...call, viewed }, scannedBy(call.plan), async (tools, life) => {
      const prepared = await prepareScans(tools, call.plan, call.parameters);
      tools.check();
      const deps = { engine: tools.engine, pipes: this.#pipes, config: this.#config, socket };
      const running = startQuery({ ...deps, selects: prepared.selects }, call);
      life.interrupt = () => {
        running.abort(life.cause!);
        tools.remote?.close();
      };
      let reply: RunStagesReply;
      try {
        reply = await running.done;
      } catch (thrown) {
        // A file that was written to shows all kinds of errors.
        if (life.cause !== null || tools.remote?.session.failure) throw thrown;
        await refuseChangedFiles(prepared);
        throw await located(thrown, prepared);
      }
      await refuseChangedFiles(prepared);
      return reply;
    });
  }

  #begin<Reply>(
    { queryId, deadlineAt, viewed }: Begun,
    names: readonly string[],
    run: (tools: EngineTools, life: Life) => Promise<Reply>,
  ): RunningCall<Reply> {
    const life: Life = { cause: null, interrupt: () => {} };
    let ended = false;
    let interrupting: NodeJS.Timeout | undefined;
    const abort = (reason: QueryError): void => {
      if (ended || life.cause !== null) return;
      life.cause = reason;
      life.interrupt();
      interrupting = setInterval(() => life.interrupt(), INTERRUPT_MS);
    };
    const execute = async (): Promise<Reply> => {
      const timer = setTimeout(() => abort(deadlineExceeded()), remainingMs(deadlineAt));
      const check = (): void => {
        if (life.cause !== null) throw life.cause;
      };
      let tools: EngineTools | null = null;
      try {
        for (;;) {
          tools = await this.#toolsFor(names, check);
          const { engine, remote } = tools;
          life.interrupt = () => {
            engine.connection.interrupt();
            remote?.close();
          };
          check();
          try {
            const reply = await run(tools, life);
            check();
            return reply;
          } catch (thrown) {
            if (!(thrown instanceof NeedsExtension)) throw thrown;
            this.#extensions.add(thrown.extension);
            remote?.close();
          }
        }
      } catch (thrown) {
        throw life.cause ?? toldOf(this.#errorOf(thrown, tools), viewed);
      } finally {
        tools?.remote?.close();
        ended = true;
        clearInterval(interrupting);
        clearTimeout(timer);
      }
    };
    return { queryId, done: execute(), abort };
  }

  async #toolsFor(names: readonly string[], check: () => void): Promise<EngineTools> {
    const connections = Object.fromEntries(
      names.map((name) => [name, connectionOf({ connections: this.#connections }, name)]),
    );
    const configured = Object.values(connections);
    const roots = configured.flatMap(({ store, root }) =>
      store === undefined ? [this.#memory.treeOf(root).root] : [],
    );
    const isRemote = roots.length < configured.length;
    if (isRemote) this.#extensions.add('httpfs');
    const remote = isRemote ? await this.#beginRemote() : null;
    this.#hasTexts = true;
    mkdirSync(this.#textDir, { recursive: true, mode: 0o700 });
    const directories = [...roots, this.#textDir].map((path) => `${path}/`);
    const extensions = [...this.#extensions];
    const wanted = {
      directories: remote === null ? directories : [...directories, remote.prefix],
      extensions,
    };
    const { engine, probes } = await this.#engines.of(wanted).catch((thrown: unknown) => {
      // Queries that need no extension are answered all the same.
      this.#extensions.clear();
      remote?.close();
      throw thrown;
    });
    return {
      remote,
      extensions: new Set(extensions),
      treeOf: (files) =>
        files.store === undefined ? this.#memory.treeOf(files.root) : remote!.treeOf(files),
      engine,
      connection: engine.connection,
      probes,
      connections,
      memory: this.#memory,
      textDir: this.#textDir,
      textBytes: this.#config.spillBytes,
      maxLineBytes: MAX_LINE_BYTES,
      check,
    };
  }

  async #beginRemote(): Promise<RemoteCall> {
    if (this.#remote === null) {
      const stores = await import('../../connectors/files/stores/remote-files.ts');
      forgetProxies();
      this.#remote = new stores.RemoteFiles();
    }
    return this.#remote.begin();
  }

  #errorOf(thrown: unknown, tools: EngineTools | null): unknown {
    const failure = tools?.remote?.session.failure ?? null;
    if (failure !== null) return failure;
    const original = thrown instanceof QueryError ? thrown.cause : thrown;
    const ofFile = tools === null || isOurs(thrown) ? null : fileError(original, tools);
    return ofFile ?? engineError(thrown, this.#config);
  }
}

function viewedBy(call: FilesCall): string | null {
  switch (call.type) {
    case 'describe-scan':
      return viewedTable([call.views]);
    case 'explain-scans':
    case 'watch-scans':
      return viewedTable(call.plan.inputs.map(({ scan }) => scan?.views ?? null));
    default:
      return null;
  }
}

function toldOf(thrown: unknown, viewed: string | null): unknown {
  return viewed !== null && thrown instanceof QueryError ? (withheld(viewed, thrown) ?? thrown) : thrown;
}

/** An error that we have made ourselves, of whatever the engine said. */
function isOurs(thrown: unknown): boolean {
  return thrown instanceof QueryError && !(thrown.cause instanceof Error);
}

function scannedBy({ inputs }: RunStagesCall['plan']): readonly string[] {
  return inputs.flatMap(({ scan }) => (scan === undefined ? [] : [scan.connection]));
}

/** Names the file and the row in an error about a text that is not of its column's type. */
async function located(thrown: unknown, { scans }: PreparedScans): Promise<unknown> {
  if (!(thrown instanceof QueryError) || !isBadText(thrown)) return thrown;
  for (const { tables } of scans)
    for (const { table, files } of tables) {
      const place = (await table.inFiles.locate?.(files)) ?? null;
      if (place !== null) return new QueryError(thrown.code, `${place}: ${thrown.message}`, thrown.details);
    }
  return thrown;
}
