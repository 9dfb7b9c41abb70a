/** New code where a running server has its own (docs/operations.md, "Upgrading"): what goes on, what is refused, what mends it. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { faultyBuild } from '../support/faulty-build.ts';
import { SEVERAL_PROCESSES, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 20_000;
const STAGES = 'set pushdown = off; select 1 as a | where a = 1';

describe('an upgrade in place', function () {
  this.timeout(60_000);

  it('is no reload: what runs goes on, processes of the other build are refused with the reason, a restart takes it', async () => {
    await using build = await faultyBuild('dsl');
    const idFile = join(dirname(dirname(build.command)), 'build-id.json');
    const { buildId } = JSON.parse(await readFile(idFile, 'utf8')) as { buildId: string };
    await using forkline = await startForkline(SEVERAL_PROCESSES, { command: build.command });
    const pids = (await forkline.processes()).map(({ pid }) => pid).sort();
    await writeFile(idFile, JSON.stringify({ buildId: 'the-next-one' }));

    process.kill(forkline.monitorPid, 'SIGHUP');
    const refused = `is of build the-next-one, the monitor of ${buildId}: restart forkline after an upgrade`;
    const told = () => forkline.output().includes('forkline: not reloaded: 3 processes failed to start');
    await until(told, DEADLINE_MS, 'the reload is given up');
    expect(forkline.output()).to.include(refused);
    expect((await forkline.query(STAGES)).status).to.equal(200);
    await until(
      async () =>
        (await forkline.processes())
          .map(({ pid }) => pid)
          .sort()
          .join() === pids.join(),
      DEADLINE_MS,
      'all that ran runs, and nothing else',
    );
    await forkline.stop();

    await using next = await startForkline(SEVERAL_PROCESSES, { command: build.command });
    expect((await next.query(STAGES)).status).to.equal(200);
    expect((await next.get('/metrics')).text).to.match(/forkline_build_info\{build="the-next-one"/);
  });
});
