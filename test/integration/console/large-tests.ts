/** The console when something is large. */
import { expect } from 'chai';
import type { CDPSession, Page } from 'playwright-core';
import type { ConsolePage } from '../../support/console-page.ts';
import type { ConsoleSuite } from '../../support/console-suite.ts';
import { recordFigure } from '../../support/figures.ts';

const SCROLLED_FRAMES = 120;

/** Scrolls from the top to the bottom in that many frames; the value is the longest time between two of them. */
const LONGEST_FRAME_WHILE_SCROLLING = `new Promise((resolve) => {
  const grid = document.querySelector('.grid');
  let longest = 0;
  let step = 0;
  let before = performance.now();
  const frame = (now) => {
    longest = Math.max(longest, now - before);
    before = now;
    grid.scrollTop = (grid.scrollHeight * step++) / ${SCROLLED_FRAMES};
    if (step <= ${SCROLLED_FRAMES}) requestAnimationFrame(frame);
    else resolve(longest);
  };
  requestAnimationFrame(frame);
})`;

/** Resolves to the seconds of processor time that the page has spent on its tasks. */
async function workOf(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration')!.value;
}

/** Presses two keys, the second when the page has done what the first says and has not drawn it yet; as on a busy machine. */
const TWO_KEYS_IN_A_FRAME = `(async () => {
  const grid = document.querySelector('.grid');
  const press = (key) => grid.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  press('ArrowRight');
  for (let turn = 0; turn < 1000 && !grid.hasAttribute('aria-activedescendant'); turn++) await null;
  press('End');
  return grid.hasAttribute('aria-activedescendant');
})()`;

/** Tells by how many pixels the selected cell is outside of the grid on either side. */
const PIXELS_OUTSIDE = `(() => {
  const grid = document.querySelector('.grid');
  const inside = grid.getBoundingClientRect().left + grid.clientLeft; // behind its border
  const { left, right } = document.querySelector('.cell.selected').getBoundingClientRect();
  return Math.max(inside - left, right - inside - grid.clientWidth, 0);
})()`;

export function largeTests(the: ConsoleSuite): void {
  let page: Page;
  let at: ConsolePage;
  beforeEach(() => {
    ({ page, at } = the);
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
    const session = await the.open.context.newCDPSession(page);
    const used = await session.send('Runtime.getHeapUsage');
    const bytes = used.usedSize + used.embedderHeapUsedSize + used.backingStorageSize;
    expect(bytes, 'bytes of the page').to.be.below(500e6);
    recordFigure('memory of the page with a million rows', bytes / 1e6, 'MB');
    // The page's own processor time tells the work of a frame on a busy machine as well.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const before = await workOf(session);
    const longest = await page.evaluate<number>(LONGEST_FRAME_WHILE_SCROLLING);
    recordFigure(
      'processor time of a frame while a million rows scroll',
      (((await workOf(session)) - before) / SCROLLED_FRAMES) * 1000,
      'ms',
    );
    recordFigure('longest frame while a million rows scroll', longest, 'ms');
  });

  it('draws only what is visible of 1,600 columns', async () => {
    const columns = Array.from({ length: 1600 }, (_, index) => `${index} as c${index}`).join(', ');
    await at.run(`select ${columns}`);
    const grid = '.grid[aria-colcount="1600"]';
    await page.locator(`${grid} [role=gridcell]`).first().waitFor(); // the answer before it may still be shown
    expect(await page.locator('[role=columnheader]').count()).to.be.within(5, 60);
    await page.locator(grid).focus();
    await page.keyboard.press('ArrowRight');
    await page.locator(`${grid}[aria-activedescendant]`).waitFor();
    await page.keyboard.press('End');
    await page.locator('[role=gridcell][aria-colindex="1600"]').waitFor();
  });

  it('keeps the selected cell in view when its value opens beside it', async () => {
    const columns = Array.from({ length: 200 }, (_, index) => `${index} as c${index}`).join(', ');
    await at.run(`select ${columns}`);
    await page.locator('.grid[aria-colcount="200"] [role=gridcell]').first().waitFor();
    expect(await page.evaluate(TWO_KEYS_IN_A_FRAME)).to.equal(true);
    await page.locator('.cell.selected[aria-colindex="200"]').waitFor();
    expect(await page.evaluate<number>(PIXELS_OUTSIDE), 'after a key').to.be.below(1);
    await at.press('Close');
    await page.locator('aside').waitFor({ state: 'detached' });
    await page.locator('.grid').focus();
    await page.keyboard.press('Home');
    await at.press('Close');
    await page.locator('aside').waitFor({ state: 'detached' });
    const last = await page.locator('[role=gridcell]').last().getAttribute('aria-colindex');
    const far = page.locator(`[role=gridcell][aria-colindex="${Number(last) - 2}"]`);
    await far.click();
    await page.locator('aside').waitFor();
    expect(await page.evaluate<number>(PIXELS_OUTSIDE), 'after a click').to.be.below(1);
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
}
