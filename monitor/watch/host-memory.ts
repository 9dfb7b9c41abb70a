/**
 * Reads how much memory is used: of this process's control group if it or an ancestor has a limit (of the one that is
 * fuller), else of the machine. Memory that the kernel would give back at once (unused page cache) does not count as used.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { MemoryReading } from '../../core/protocol/monitor.ts';

/** Returns the text of a file; null when there is none. */
export type ReadText = (path: string) => string | null;

/** The value from which a limit counts as none: a control group without a limit shows a number near 2^63 (v1) or `max` (v2). */
const NO_LIMIT_BYTES = 2 ** 60;

/** Returns the reading, from five small files; null when the system does not tell. */
export function readMemory(read: ReadText = readText): MemoryReading | null {
  const groups = parseGroups(read('/proc/self/cgroup') ?? '');
  return readGroups(groups, read) ?? readMeminfo(read('/proc/meminfo') ?? '');
}

interface Group {
  readonly source: 'cgroup-v2' | 'cgroup-v1';
  /** The path inside its hierarchy. In a container it may not be visible; the root of the hierarchy then is. */
  readonly path: string;
}

/** Parses lines such as `0::/user.slice` (v2) and `4:cpu,memory:/docker/x` (v1). */
function parseGroups(text: string): Group[] {
  return text.split('\n').flatMap((line): Group[] => {
    const [id, controllers, ...rest] = line.split(':');
    const path = rest.join(':');
    if (controllers?.split(',').includes('memory')) return [{ source: 'cgroup-v1', path }];
    return id === '0' && controllers === '' ? [{ source: 'cgroup-v2', path }] : [];
  });
}

function readGroups(groups: readonly Group[], read: ReadText): MemoryReading | null {
  const readings = groups.flatMap(({ source, path }) =>
    withAncestors(path).flatMap((each) => readGroup(source, each, read) ?? []),
  );
  const fullness = ({ usedBytes, totalBytes }: MemoryReading) => usedBytes / totalBytes;
  return readings.sort((a, b) => fullness(b) - fullness(a))[0] ?? null;
}

function withAncestors(path: string): string[] {
  const paths = [path];
  for (let each = path; each !== '/' && each !== '.'; each = dirname(each)) paths.push(dirname(each));
  return [...new Set(paths)];
}

const FILES = {
  'cgroup-v2': {
    root: '/sys/fs/cgroup',
    limit: 'memory.max',
    used: 'memory.current',
    cache: 'inactive_file',
  },
  'cgroup-v1': {
    root: '/sys/fs/cgroup/memory',
    limit: 'memory.limit_in_bytes',
    used: 'memory.usage_in_bytes',
    cache: 'total_inactive_file',
  },
} as const;

function readGroup(source: Group['source'], path: string, read: ReadText): MemoryReading | null {
  const { root, limit, used, cache } = FILES[source];
  const number = (name: string) => Number(read(join(root, path, name)) ?? Number.NaN);
  const totalBytes = number(limit);
  const usedBytes = number(used);
  if (!(totalBytes > 0 && totalBytes < NO_LIMIT_BYTES) || Number.isNaN(usedBytes)) return null;
  const stat = new RegExp(`^${cache} (\\d+)$`, 'm').exec(read(join(root, path, 'memory.stat')) ?? '');
  return { usedBytes: Math.max(0, usedBytes - Number(stat?.[1] ?? 0)), totalBytes, source };
}

function readMeminfo(text: string): MemoryReading | null {
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? Number.NaN) * 1024;
  const totalBytes = bytes('MemTotal');
  const usedBytes = totalBytes - bytes('MemAvailable');
  return Number.isNaN(usedBytes) ? null : { usedBytes, totalBytes, source: 'meminfo' };
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // the file does not exist: another version of control groups, none, or not Linux
  }
}
