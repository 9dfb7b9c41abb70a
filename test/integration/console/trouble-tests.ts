/** The console when something is hostile or gone. */
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { ConsolePage } from '../../support/console-page.ts';
import type { ConsoleSuite } from '../../support/console-suite.ts';
import { startPrefixProxy } from '../../support/prefix-proxy.ts';
import { until } from '../../support/until.ts';

const HOSTILE = '<img src=x onerror=document.title=1>';

export function troubleTests(the: ConsoleSuite): void {
  let page: Page;
  let at: ConsolePage;
  beforeEach(() => {
    ({ page, at } = the);
  });

  it('runs no script of names and values', async () => {
    await at.run(`select '${HOSTILE}' as "${HOSTILE}", 1 as n, now() as t, '${HOSTILE}' as s`);
    await page.locator('.cell').first().click();
    await page.locator('.head button').first().click();
    await page.locator('.summary').waitFor();
    await at.open('Chart');
    await page.locator('.chart canvas').waitFor();
    await page.getByLabel('Series by').selectOption(HOSTILE);
    await page.locator('.u-legend', { hasText: 'onerror' }).waitFor();
    await at.write(`select "${HOSTILE}" from t`);
    await page.keyboard.press('ControlOrMeta+Enter');
    await page.locator('.state.failed').waitFor();
    await at.open('Server');
    await page.locator('td', { hasText: 'onerror' }).first().waitFor();
    expect(await page.title()).to.equal('Forkline');
    expect(await page.locator('img').count()).to.equal(0);
  });

  it('says so when the server is away, keeps the text, and goes on when it is back', async () => {
    await the.open.context.setOffline(true);
    await at.run('select 7 as seven');
    expect(await at.status()).to.contain('The server does not answer');
    expect(await at.text()).to.equal('select 7 as seven');
    await the.open.context.setOffline(false);
    await at.press('Run');
    await at.tells(/^1 row in/);
  });

  it('goes on when the server was killed in the middle of an answer', async () => {
    await at.write(
      "select g as n, case when g = 3000 then pg_sleep(60)::text else repeat('x', 500) end as long from generate_series(1, 3000) g",
    );
    await at.press('Run');
    await at.cells(2);
    const [server] = (await the.forkline.processes()).filter(({ role }) => role === 'server');
    process.kill(server!.pid, 'SIGKILL');
    await page.locator('.state.failed').waitFor();
    expect(await at.status()).to.match(/rows had arrived; they are not all/);
    expect((await at.cells(2))[0]).to.equal('1');
    await until(
      async () => (await fetch(`${the.forkline.url}/readyz`).catch(() => null))?.ok || null,
      20_000,
    );
    await at.run('select 1 as one');
    await at.tells(/^1 row in/);
  });

  it('says so when an answer ends early, and how many rows had arrived', async () => {
    await at.run("select g, repeat('x', 500) as long, 10 / (5000 - g) as n from generate_series(1, 10000) g");
    expect(await at.status()).to.match(
      /failed.*division by zero.*\d,?\d{3} rows had arrived; they are not all/s,
    );
  });

  it('tells of a link for a connection that is not there', async () => {
    await page.goto(`${the.forkline.url}/#q=select+1&c=gone`);
    await page.reload();
    await page.locator('.gone', { hasText: 'There is no connection gone here' }).waitFor();
    await at.press('Run');
    await at.tells(/unknown-connection/);
    await page.getByLabel('Connection').selectOption('');
    await at.press('Run');
    await at.tells(/^1 row in/);
  });

  it('shows what is written in one of two pages in the other one', async () => {
    const other = await the.open.context.newPage();
    await other.goto(`${the.forkline.url}/`);
    const there = new ConsolePage(other);
    await at.write('select 1 as one');
    await other.locator('.cm-line', { hasText: 'select 1 as one' }).waitFor();
    await there.press('New query');
    await there.write('select 2 as two');
    await page.getByRole('button', { name: 'select 2 as two', exact: true }).waitFor();
    expect(await at.text()).to.equal('select 1 as one');
    await other.close();
  });

  it('works below a path', async () => {
    const proxy = await startPrefixProxy('/tools/forkline', the.forkline.port);
    try {
      await page.goto(`${proxy.url}/`);
      await at.run('select 5 as five | head 1');
      await at.tells(/^1 row in/);
      await at.open('Chart');
      await at.press('Copy link');
      await at.tells('The link is copied');
      expect(await at.clipboard().catch(() => proxy.url)).to.satisfy((link: string) =>
        link.startsWith(proxy.url),
      );
    } finally {
      await page.goto('about:blank');
      await proxy.close();
    }
  });
}
