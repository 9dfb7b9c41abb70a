/** The console where people watch and end queries. */
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import type { ConsolePage } from '../../support/console-page.ts';
import type { ConsoleSuite } from '../../support/console-suite.ts';

export function operateTests(the: ConsoleSuite): void {
  let page: Page;
  let at: ConsolePage;
  beforeEach(() => {
    ({ page, at } = the);
  });

  it('cancels a query in the database as well', async () => {
    await at.write('select pg_sleep(60)::text');
    await at.press('Run');
    await page.locator('.phase-name', { hasText: 'in the database' }).waitFor();
    await at.press('Cancel');
    await page.locator('.state.cancelled').waitFor();
    await at.open('Server');
    await page.locator('tr', { hasText: 'pg_sleep(60)' }).filter({ hasText: 'cancelled' }).first().waitFor();
  });

  it('kills a query that another client runs, and tells its story', async () => {
    const other = the.forkline.query('select pg_sleep(50)::text');
    await at.open('Server');
    const line = page.locator('tr', { hasText: 'pg_sleep(50)' });
    await line.getByRole('button', { name: 'Cancel this query' }).click();
    expect((await other).status).to.equal(409);
    await line
      .getByRole('button', { name: /pg_sleep/ })
      .first()
      .click();
    await page
      .locator('.story li', { hasText: 'query-failed' })
      .filter({ hasText: 'cancelled by' })
      .waitFor();
  });
}
