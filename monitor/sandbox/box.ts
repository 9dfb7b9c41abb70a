/**
 * The command line of bwrap around one worker: what it sees of the file system, and which namespaces are its own. Pure.
 *
 * It sees node, its libraries and the few programs of the system, the build with its packages, the places of its connections,
 * and its own directory, the only one that it may write to. It has no network, sees no other process, and has no capabilities.
 */
import type { ShownPlace, ShownPlaces } from './shown-places.ts';

/** A part of the file system that every worker sees: as it is, or as a link. */
export type SystemPlace =
  | { readonly path: string; readonly linkTo: null }
  | { readonly path: string; readonly linkTo: string };

export interface BoxPlaces {
  readonly system: readonly SystemPlace[];
  /** The build, its packages, and what describes them. */
  readonly build: readonly ShownPlace[];
  /** The directory with the logger's socket for lines. */
  readonly lines: string;
  /** The worker's own directory. */
  readonly own: string;
  readonly shown: ShownPlaces;
}

export interface BoxFeatures {
  /** Whether bwrap can keep the worker from making further user namespaces. */
  readonly closesUserNamespaces: boolean;
  /** The descriptor with the filter of system calls; null without one. */
  readonly seccompFd: number | null;
}

export function boxArgs(
  { system, build, lines, own, shown }: BoxPlaces,
  { closesUserNamespaces, seccompFd }: BoxFeatures,
): string[] {
  const places = [...shown.places].sort((a, b) => a.real.length - b.real.length);
  const showsAll = places.some(({ real }) => real === '/');
  return [
    ...places.flatMap(({ real }) => readOnly(real)),
    ...(showsAll ? [] : system.flatMap(systemArgs)),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...build.flatMap(({ real }) => readOnly(real)),
    ...readOnly(lines),
    ...['--bind', own, own],
    ...links([...places, ...build]),
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    ...(closesUserNamespaces ? ['--disable-userns'] : []),
    ...(shown.network ? [] : ['--unshare-net']),
    ...['--die-with-parent', '--cap-drop', 'ALL', '--chdir', '/'],
    ...(seccompFd === null ? [] : ['--seccomp', String(seccompFd)]),
    '--',
  ];
}

function readOnly(path: string): string[] {
  return ['--ro-bind', path, path];
}

function systemArgs({ path, linkTo }: SystemPlace): string[] {
  return linkTo === null ? readOnly(path) : ['--symlink', linkTo, path];
}

/** Lets places whose path leads through links be found by it as well; a link that lies in another place is shown with that. */
function links(places: readonly ShownPlace[]): string[] {
  return places.flatMap(({ path, real }) => {
    const isShown = places.some((other) => isBelow(path, other.real) || isBelow(path, other.path));
    return path === real || isShown ? [] : ['--symlink', real, path];
  });
}

function isBelow(path: string, directory: string): boolean {
  return path.startsWith(directory === '/' ? '/' : `${directory}/`);
}
