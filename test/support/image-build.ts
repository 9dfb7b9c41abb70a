/**
 * Builds the container image without a container engine: each stage is a directory, COPY copies what the Dockerfile
 * names out of what the .dockerignore lets through, and the RUN steps of npm and node are run there as they are written.
 * Two things differ: the packages of `npm ci` are links to those of this checkout, which the same lock file
 * brought here, and what installs system packages is not run but returned.
 */
import { spawn } from 'node:child_process';
import { copyFile, cp, link, mkdir, readdir, stat } from 'node:fs/promises';
import { basename, join, normalize } from 'node:path';
import { type Copy, copyOf, type Dockerfile, type Instruction, lastOf, type Stage } from './dockerfile.ts';

export interface ImageBuild {
  readonly dockerfile: Dockerfile;
  readonly repository: string;
  /** The names at the top of the repository that may be copied. */
  readonly context: readonly string[];
  /** The directory of each stage that is built. */
  readonly place: string;
}

export interface BuiltImage {
  /** The working directory of the last stage. */
  readonly dir: string;
  /** RUN steps that need the base image. */
  readonly notRun: readonly string[];
}

export async function buildImage(build: ImageBuild): Promise<BuiltImage> {
  const notRun: string[] = [];
  for (const [index, stage] of build.dockerfile.stages.entries())
    notRun.push(...(await buildStage(build, stage, rootOf(build, index))));
  const last = build.dockerfile.stages.length - 1;
  return { dir: join(rootOf(build, last), lastOf(build.dockerfile.image, 'WORKDIR')), notRun };
}

const rootOf = ({ place }: ImageBuild, index: number): string => join(place, `stage-${index}`);

async function buildStage(build: ImageBuild, stage: Stage, root: string): Promise<string[]> {
  let workdir = root;
  const notRun: string[] = [];
  for (const instruction of stage.instructions) {
    if (instruction.name === 'WORKDIR') {
      workdir = join(root, instruction.rest);
      await mkdir(workdir, { recursive: true });
    }
    if (instruction.name === 'COPY') await copy(build, copyOf(instruction), workdir);
    if (instruction.name === 'RUN' && !(await run(build, instruction, workdir)))
      notRun.push(instruction.rest);
  }
  return notRun;
}

async function copy(build: ImageBuild, { from, sources, target }: Copy, workdir: string): Promise<void> {
  for (const source of sources) {
    const path = from === null ? contextPath(build, source) : stagePath(build, from, source);
    // The content of a directory goes into the target; a file goes below a target that ends with a slash.
    const isBelow = target.endsWith('/') && !(await stat(path)).isDirectory();
    const to = join(workdir, target, isBelow ? basename(path) : '');
    if (from === null) await cp(path, to, { recursive: true });
    else await linkTree(path, to);
  }
}

function contextPath({ repository, context }: ImageBuild, source: string): string {
  const top = normalize(source).split('/')[0]!;
  if (!context.includes(top))
    throw new Error(`COPY ${source}: the .dockerignore keeps it out of the context`);
  return join(repository, source);
}

function stagePath(build: ImageBuild, from: string, source: string): string {
  const { stages } = build.dockerfile;
  return join(rootOf(build, stages.indexOf(build.dockerfile.stage(from))), source);
}

/** Resolves to false when it is not for npm or node. */
async function run(build: ImageBuild, { rest }: Instruction, workdir: string): Promise<boolean> {
  if (rest === 'npm ci') {
    await linkTree(join(build.repository, 'node_modules'), join(workdir, 'node_modules'));
    // Refuses, as `npm ci` does, a package.json that its lock file does not fit.
    await shell('npm ci --dry-run', workdir);
    return true;
  }
  if (!rest.split('&&').every((command) => /^(npm|node) /.test(command.trim()))) return false;
  await shell(rest, workdir);
  return true;
}

/** Rejects with what it printed when it ends with anything but 0. Whatever is not there is not fetched either. */
async function shell(command: string, cwd: string): Promise<void> {
  const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', npm_config_offline: 'true' };
  const child = spawn('sh', ['-c', command], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  const end = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  if (end !== 0) throw new Error(`RUN ${command} ended with ${end}:\n${printed}`);
}

/** npm writes this file in its place, which would be the checkout's own were it a link. */
const WRITTEN_IN_PLACE = '.package-lock.json';

/** Links the files under another name: a copy without copying, for files that are replaced or removed but never written to. */
async function linkTree(from: string, to: string): Promise<void> {
  if (!(await stat(from)).isDirectory()) return await linkFile(from, to);
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkTree(source, target);
    else if (entry.isSymbolicLink()) await cp(source, target, { verbatimSymlinks: true });
    else if (entry.name === WRITTEN_IN_PLACE) await copyFile(source, target);
    else await linkFile(source, target);
  }
}

async function linkFile(from: string, to: string): Promise<void> {
  await link(from, to).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EXDEV' && error.code !== 'EPERM') throw error; // another file system, or links are not allowed
    await copyFile(from, to);
  });
}
