import { expect } from 'chai';
import type { Role } from '../../../../core/protocol/monitor.ts';
import { examine, type HealthPolicy } from '../../../../monitor/watch/health.ts';

const NOW = 100_000;
const policy: HealthPolicy = {
  uninterruptibleMs: 10_000,
  killRssBytes: 1000 * 1024 ** 2,
  killPssBytes: 800 * 1024 ** 2,
  openFilesWarnPercent: 80,
  openFilesKillPercent: 95,
};
const well = {
  kernelState: 'S',
  stateSinceMs: NOW - 60_000,
  rssBytes: 100 * 1024 ** 2,
  pssBytes: null,
  openFiles: 30,
  openFilesLimit: 1000,
  wchan: 'do_epoll_wait',
};

/** `kill stopped`, `end-query memory`, `warn many-open-files`. */
function findings(changes: Partial<typeof well>, role: Role = 'sql'): string[] {
  return examine(role, { ...well, ...changes }, policy, NOW).map((finding) =>
    finding.type === 'warn' ? `warn ${finding.event}` : `${finding.type} ${finding.ending.cause}`,
  );
}

describe('health of a process', () => {
  it('finds nothing in one that sleeps, runs, or of which nothing is known', () => {
    expect(findings({})).to.deep.equal([]);
    expect(findings({ kernelState: 'R' })).to.deep.equal([]);
    const nothing = { kernelState: null, stateSinceMs: null, rssBytes: null, wchan: null };
    const unknown = { ...nothing, openFiles: null, openFilesLimit: null, pssBytes: null };
    expect(examine('sql', unknown, policy, NOW)).to.deep.equal([]);
  });

  it('kills one that is stopped, at once; one in a debugger is left alone', () => {
    expect(findings({ kernelState: 'T', stateSinceMs: NOW })).to.deep.equal(['kill stopped']);
    expect(findings({ kernelState: 't' })).to.deep.equal([]);
  });

  it('reports and kills one that the kernel holds, once that has lasted', () => {
    expect(findings({ kernelState: 'D', stateSinceMs: NOW - 9999 })).to.deep.equal([]);
    expect(findings({ kernelState: 'D', stateSinceMs: NOW - 10_000 })).to.deep.equal([
      'warn uninterruptible',
      'kill uninterruptible',
    ]);
    const held = { ...well, kernelState: 'D', wchan: 'nfs_wait' };
    expect(JSON.stringify(examine('sql', held, policy, NOW))).to.include('state D in nfs_wait');
  });

  it('ends the query of one that is above its limit of memory, resident or proportional', () => {
    expect(findings({ rssBytes: policy.killRssBytes })).to.deep.equal([]);
    expect(findings({ rssBytes: policy.killRssBytes + 1 })).to.deep.equal(['end-query memory']);
    const shared = { ...well, rssBytes: 900 * 1024 ** 2, pssBytes: 801 * 1024 ** 2 };
    const [finding] = examine('dsl', shared, policy, NOW);
    expect(finding?.type === 'end-query' && finding.ending.reason).to.equal(
      'its process uses 801 MiB of memory (PSS), more than the 800 MiB allowed',
    );
  });

  it('tells of many open files, and replaces a worker that has nearly no more; never server or logger', () => {
    expect(findings({ openFiles: 799 })).to.deep.equal([]);
    expect(findings({ openFiles: 800 })).to.deep.equal(['warn many-open-files']);
    for (const role of ['sql', 'dsl'] as const)
      expect(findings({ openFiles: 950 }, role)).to.deep.equal(['kill open-files']);
    for (const role of ['server', 'logger'] as const)
      expect(findings({ openFiles: 1000 }, role)).to.deep.equal(['warn many-open-files']);
  });
});
