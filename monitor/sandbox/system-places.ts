/** Finds the parts of the file system that every sandboxed worker needs: libraries, programs, node, and the build with its packages. */
import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SystemPlace } from './box.ts';
import type { ShownPlace } from './shown-places.ts';

/** Libraries and programs; not all of /usr, below which somebody may have put this program with its configuration. */
const DIRECTORIES = [
  ...['/usr/lib', '/usr/lib32', '/usr/lib64', '/usr/libx32', '/usr/bin', '/usr/local/lib'],
  ...['/bin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store'],
  '/etc/ld.so.cache',
];

/** Returns what there is of them, and node itself. */
export function systemPlaces(): SystemPlace[] {
  const places = DIRECTORIES.filter((path) => existsSync(path)).map(placeOf);
  const node = realpathSync(process.execPath);
  const isShown = places.some(({ path, linkTo }) => linkTo === null && node.startsWith(`${path}/`));
  return isShown ? places : [...places, { path: node, linkTo: null }];
}

function placeOf(path: string): SystemPlace {
  return { path, linkTo: lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null };
}

/**
 * Returns the directory of the build, and the packages and package.json of each directory above it, by which node finds modules
 * and their kind. What else stands there, such as the configuration, is not shown.
 */
export function buildPlaces(buildRoot: string): ShownPlace[] {
  const root = realpathSync(buildRoot);
  const found = [{ path: root, real: root }];
  for (let folder = dirname(root); ; folder = dirname(folder)) {
    for (const name of ['node_modules', 'package.json']) {
      const path = join(folder, name);
      if (existsSync(path)) found.push({ path, real: realpathSync(path) });
    }
    if (folder === dirname(folder)) return found;
  }
}
