/** The console where people write and run queries. */
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import type { ConsolePage } from '../../support/console-page.ts';
import type { ConsoleSuite } from '../../support/console-suite.ts';
import { until } from '../../support/until.ts';
import { SERIES } from './queries.ts';

export function writeTests(the: ConsoleSuite): void {
  let page: Page;
  let at: ConsolePage;
  beforeEach(() => {
    ({ page, at } = the);
  });

  it('runs what is written, and shows its rows with their types', async () => {
    await at.run(SERIES);
    expect(await at.status()).to.match(/^3 rows in \d+ ms/);
    expect(await at.cells(2)).to.deep.equal(['1', 'row 1', '1.5']);
    expect(await page.locator('[role=columnheader]').allInnerTexts()).to.deep.equal([
      'n int64',
      'label string',
      'half decimal',
    ]);
    expect(await page.locator('.phases').getAttribute('aria-label')).to.match(/in the database \d/);
  });

  it('completes columns where they are known, from the keyboard', async () => {
    await at.write(`${SERIES} | where lab`);
    await page.keyboard.press('Control+Space');
    await page.locator('.cm-tooltip-autocomplete li', { hasText: 'label' }).waitFor();
    // The editor takes no key for a list that has just appeared, so that nobody accepts by chance (75 ms).
    await page.waitForFunction(() => {
      const seen = globalThis as { at?: number };
      seen.at ??= performance.now();
      return performance.now() - seen.at > 100;
    });
    await page.keyboard.press('Enter');
    await page.locator('.cm-tooltip-autocomplete').waitFor({ state: 'detached' });
    expect(await at.text()).to.match(/\| where label$/);
  });

  it('tells the signature of the function, and the stage, at the cursor', async () => {
    await at.write(`${SERIES} | stats `);
    await page.locator('.hint', { hasText: /^stats aggregate .*: One row for each group/ }).waitFor();
    await page.keyboard.insertText('sum(');
    await page.locator('.hint', { hasText: /^sum\(x\)/ }).waitFor();
  });

  it('underlines a mistake, and mends it by one click', async () => {
    await at.write(`${SERIES} | stats sum(half) by labell`);
    await page.locator('.cm-lintRange-error', { hasText: /^labell$/ }).hover();
    await page.locator('.cm-diagnosticAction', { hasText: 'label' }).click();
    expect(await at.text()).to.match(/by label$/);
  });

  it('says what failed, where, and how to mend it, and underlines it at once', async () => {
    await at.run(`${SERIES} | where nosuch = 1`);
    expect(await at.status()).to.match(/unknown-column.*nosuch/s);
    expect(await page.locator('.problem[role=alert]').count()).to.equal(1);
    await page.locator('.cm-lintRange-error', { hasText: /^nosuch$/ }).waitFor();
    await page.getByRole('button', { name: /^line 1, column \d+/ }).click();
    await page.keyboard.press('Shift+End');
    await page.keyboard.insertText('n = 1');
    await page.keyboard.press('ControlOrMeta+Enter');
    await at.tells(/^1 row in/);
  });

  it('runs up to the stage at the cursor, and steps on from there', async () => {
    const query = `${SERIES} | where n > 1 | stats count() as many`;
    await at.write(query);
    for (let step = 0; step < 'stats count() as many'.length + 2; step++)
      await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ControlOrMeta+Shift+Enter');
    await at.tells(/^2 rows.*up to the dimmed part/s);
    expect(await page.locator('.not-run').innerText()).to.equal('| stats count() as many');
    await page.keyboard.press('Alt+PageDown');
    await at.tells(/^1 row in/);
    await page.keyboard.press('Alt+PageUp');
    await at.tells(/^2 rows/);
    await page.keyboard.press('Alt+PageUp');
    await at.tells(/^3 rows/);
  });

  it('marks each stage with the place where it runs, and shows the plan with its SQL', async () => {
    await at.write(`${SERIES}\n| where n > 1\n| sql (select n from input)`);
    await page.locator('.placed-source').waitFor();
    await page.locator('.placed-worker').waitFor();
    await at.open('Plan');
    expect(await page.locator('.plan td:nth-child(-n+2)').allInnerTexts()).to.deep.equal([
      ...['SQL', 'database'],
      ...['where', '● database'],
      ...['sql', '○ worker'],
    ]);
    expect(await page.locator('.plan pre').first().innerText()).to.contain('generate_series');
    await page.getByRole('button', { name: 'Show rows: where' }).click();
    await at.tells(/^2 rows/);
  });

  it('never waits for the network while somebody types', async () => {
    const held: (() => void)[] = [];
    await page.route('**/v1/**', (route) => {
      held.push(() => void route.abort());
    });
    await at.write('');
    await page.keyboard.type('select 1 as one | where on');
    expect(await at.text()).to.equal('select 1 as one | where on');
    await until(() => held.length > 0 || null, 10_000);
    await page.keyboard.type('e > 0');
    expect(await at.text()).to.equal('select 1 as one | where one > 0');
    await page.unrouteAll();
    for (const release of held) release();
  });

  it('shows rows while more of them arrive, and keeps them when it is cancelled', async () => {
    const slow = "case when g = 3000 then pg_sleep(60)::text else repeat('x', 500) end";
    await at.write(`select g as n, ${slow} as long from generate_series(1, 3000) g`);
    await at.press('Run');
    await page.locator('.state.running').waitFor();
    expect((await at.cells(2))[0]).to.equal('1');
    expect(await page.locator('.state.running').count()).to.equal(1);
    await at.press('Cancel');
    await page.locator('.state.cancelled').waitFor();
    expect((await at.cells(3))[0]).to.equal('2');
  });

  it('formats, and goes back by undo', async () => {
    await at.write('select 1 as a|head 1');
    await page.keyboard.press('Shift+Alt+f');
    await page.locator('.cm-line', { hasText: '| head 1' }).waitFor();
    await page.keyboard.press('ControlOrMeta+z');
    expect(await at.text()).to.equal('select 1 as a|head 1');
  });

  it('has a field for each parameter of the text', async () => {
    await at.write("select :least + 1 as a, ':none' as b, 1::int as c");
    await page.getByRole('textbox', { name: ':least' }).fill('41');
    expect(await page.locator('.parameters label').count()).to.equal(1);
    expect(await page.locator('.tok-parameter').allInnerTexts()).to.deep.equal([':least']);
    await at.press('Run');
    await at.ended();
    expect((await at.cells(2))[0]).to.equal('42');
  });

  it('keeps tabs and history in the browser, and a run for each tab', async () => {
    await at.run(SERIES);
    await at.press('New query');
    expect(await at.text()).to.equal('');
    await at.write('select 2 as two');
    await page.getByRole('button', { name: 'select g as n' }).first().click();
    expect(await at.status()).to.match(/^3 rows/);
    await page.reload();
    expect(await page.locator('.tabs .tab').count()).to.equal(2);
    await at.open('History');
    expect(await page.locator('.history code').allInnerTexts()).to.deep.equal([SERIES]);
  });
}
