/** The console in a real browser when something is large, hostile or gone. */
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import type { OpenPage } from '../support/browser.ts';
import { ConsolePage } from '../support/console-page.ts';
import { useConsole } from '../support/console-suite.ts';
import { recordFigure } from '../support/figures.ts';
import type { Forkline } from '../support/forkline.ts';
import { startPrefixProxy } from '../support/prefix-proxy.ts';

/** Scrolls from the top to the bottom in 120 frames; the value is the longest time between two of them. */
const LONGEST_FRAME_WHILE_SCROLLING = `new Promise((resolve) => {
  const grid = document.querySelector('.grid');
  let longest = 0;
  let step = 0;
  let before = performance.now();
  const frame = (now) => {
    longest = Math.max(longest, now - before);
    before = now;
    grid.scrollTop = (grid.scrollHeight * step++) / 120;
    if (step <= 120) requestAnimationFrame(frame);
    else resolve(longest);
  };
  requestAnimationFrame(frame);
})`;

const HOSTILE = '<img src=x onerror=document.title=1>';

describe('the console in trouble', function () {
  this.timeout(120_000);
  let forkline: Forkline;
  let open: OpenPage;
  let page: Page;
  let at: ConsolePage;
  useConsole((suite) => {
    ({ forkline, open, page, at } = suite);
  });

  it('scrolls through a million rows, and keeps to its memory', async () => {
    await at.run('select g as n, g * 2 as twice from generate_series(1, 1000000) g');
    expect(await at.status()).to.match(/^1,000,000 rows/);
    await page.locator('.grid').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Control+End');
    expect(await at.cells(1_000_001)).to.deep.equal(['1000000', '2000000']);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Control+Home');
    expect(await at.cells(2)).to.deep.equal(['1', '2']);
    const session = await open.context.newCDPSession(page);
    const used = await session.send('Runtime.getHeapUsage');
    const bytes = used.usedSize + used.embedderHeapUsedSize + used.backingStorageSize;
    expect(bytes, 'bytes of the page').to.be.below(500e6);
    recordFigure('memory of the page with a million rows', bytes / 1e6, 'MB');
    const longest = await page.evaluate<number>(LONGEST_FRAME_WHILE_SCROLLING);
    recordFigure('longest frame while a million rows scroll', longest, 'ms');
  });

  it('draws only what is visible of 1,600 columns', async () => {
    const columns = Array.from({ length: 1600 }, (_, index) => `${index} as c${index}`).join(', ');
    await at.run(`select ${columns}`);
    expect(await page.locator('[role=columnheader]').count()).to.be.within(5, 60);
    await page.locator('.grid').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('End');
    await page.locator('[role=gridcell][aria-colindex="1600"]').waitFor();
  });

  it('shows the beginning of a value of 10 MB, says so, and copies all of it', async () => {
    await at.run("select 1 as n, repeat('가나다라마', 2000000) as long");
    await page.locator('.cell.long').click();
    await page.locator('aside .cut', { hasText: '100,000 of 10,000,000 characters' }).waitFor();
    expect((await page.locator('aside pre').innerText()).length).to.equal(100_000);
    await at.press('Copy the value');
    await at.tells('The value is copied');
    expect(
      await page.evaluate<number>('navigator.clipboard.readText().then((text) => text.length)'),
    ).to.equal(10_000_000);
  });

  it('stops reading an answer that is larger than it keeps, says so, and ends the query', async () => {
    await at.run('select g as n, repeat(md5(g::text), 3000) as long from generate_series(1, 20000) g');
    await page
      .locator('.cut[role=alert]', { hasText: 'The answer is larger than this page keeps' })
      .waitFor();
    expect(await at.status()).to.match(/^2,\d{3} rows in/);
    await at.open('Server');
    await page.locator('tr', { hasText: 'md5' }).filter({ hasNotText: 'running' }).first().waitFor();
    await at.open('Rows');
    expect((await at.cells(2))[0]).to.equal('1');
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
    await open.context.setOffline(true);
    await at.run('select 7 as seven');
    expect(await at.status()).to.contain('The server does not answer');
    expect(await at.text()).to.equal('select 7 as seven');
    await open.context.setOffline(false);
    await at.press('Run');
    await at.tells(/^1 row in/);
  });

  it('says so when an answer ends early, and how many rows had arrived', async () => {
    await at.run('select 10 / (5000 - g) as n from generate_series(1, 10000) g');
    expect(await at.status()).to.match(/failed.*division by zero/s);
  });

  it('tells of a link for a connection that is not there', async () => {
    await page.goto(`${forkline.url}/#q=select+1&c=gone`);
    await page.reload();
    await page.locator('.gone', { hasText: 'There is no connection gone here' }).waitFor();
    await at.press('Run');
    await at.tells(/unknown-connection/);
    await page.getByLabel('Connection').selectOption('');
    await at.press('Run');
    await at.tells(/^1 row in/);
  });

  it('shows what is written in one of two pages in the other one', async () => {
    const other = await open.context.newPage();
    await other.goto(`${forkline.url}/`);
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
    const proxy = await startPrefixProxy('/tools/forkline', forkline.port);
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

  it('fits a narrow screen', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await at.run('select g as n, md5(g::text) as text from generate_series(1, 50) g');
    const overflow = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    expect(overflow).to.equal(0);
    await page.locator('.cell').first().click();
    await page.locator('aside').waitFor();
    expect((await page.locator('.grid').boundingBox())!.height).to.be.above(100);
  });
});
