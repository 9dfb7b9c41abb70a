import { expect } from 'chai';
import { readMemory } from '../../../../monitor/watch/host-memory.ts';

const MEMINFO = 'MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    400 kB\n';

function read(files: Record<string, string>) {
  return readMemory((path) => files[path] ?? null);
}

describe('memory of the machine', () => {
  it('is that of the control group with a limit (v2), without the page cache that can go', () => {
    const group = '/sys/fs/cgroup/system.slice/forkline.service';
    const reading = read({
      '/proc/self/cgroup': '0::/system.slice/forkline.service\n',
      [`${group}/memory.max`]: '1000\n',
      [`${group}/memory.current`]: '700\n',
      [`${group}/memory.stat`]: 'anon 500\ninactive_file 150\n',
      '/proc/meminfo': MEMINFO,
    });
    expect(reading).to.deep.equal({ usedBytes: 550, totalBytes: 1000, source: 'cgroup-v2' });
  });

  it('is that of an ancestor which is fuller', () => {
    const reading = read({
      '/proc/self/cgroup': '0::/a/b\n',
      '/sys/fs/cgroup/a/b/memory.max': 'max\n',
      '/sys/fs/cgroup/a/b/memory.current': '10\n',
      '/sys/fs/cgroup/a/memory.max': '200\n',
      '/sys/fs/cgroup/a/memory.current': '150\n',
      '/proc/meminfo': MEMINFO,
    });
    expect(reading).to.deep.equal({ usedBytes: 150, totalBytes: 200, source: 'cgroup-v2' });
  });

  it('is that of a v1 group, also where a container sees only the root of the hierarchy', () => {
    const reading = read({
      '/proc/self/cgroup': '9:cpu,cpuacct:/x\n4:memory:/docker/abc\n0::/\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '5000\n',
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': '4000\n',
      '/sys/fs/cgroup/memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 1000\n',
    });
    expect(reading).to.deep.equal({ usedBytes: 3000, totalBytes: 5000, source: 'cgroup-v1' });
  });

  it("is the machine's where no group has a limit", () => {
    const reading = read({
      '/proc/self/cgroup': '4:memory:/\n0::/\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': '4000\n',
      '/proc/meminfo': MEMINFO,
    });
    expect(reading).to.deep.equal({ usedBytes: 600 * 1024, totalBytes: 1000 * 1024, source: 'meminfo' });
  });

  it('is unknown where the system tells nothing, and is read here', () => {
    expect(read({})).to.equal(null);
    const here = readMemory();
    if (here === null) return; // no Linux
    expect(here.usedBytes).to.be.above(0).and.below(here.totalBytes);
  });
});
