/** The console's panels of data and jobs, and what it says of answers that were kept. */
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { openPage } from '../../support/browser.ts';
import { ConsolePage } from '../../support/console-page.ts';
import type { ConsoleSuite } from '../../support/console-suite.ts';
import { readDownload } from '../../support/read-download.ts';
import { until } from '../../support/until.ts';
import { SERIES } from './queries.ts';

/** A model whose contract does not name all columns, which the server warns of. */
const EVEN_ROWS = {
  name: 'even rows',
  description: 'Rows whose number is even.',
  query: 'select g as n, g * 2 as twice from generate_series(1, 10) g where g % 2 = 0 and g > :least',
  parameters: [{ name: 'least', type: 'int64', default: 4 }],
  columns: [{ name: 'n', type: 'int64' }],
};

export function panelTests(the: ConsoleSuite): void {
  let page: Page;
  let at: ConsolePage;
  before(async () => {
    const answer = await fetch(`${the.forkline.url}/v1/models`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(EVEN_ROWS),
    });
    expect(answer.status, await answer.clone().text()).to.equal(201);
  });
  beforeEach(() => {
    ({ page, at } = the);
  });

  it('lists models, runs one with its parameters, and tells what the server warns of', async () => {
    await at.open('Data');
    await at.press('Run: even rows');
    await at.tells(/^3 rows in/);
    await page.locator('.warnings', { hasText: 'twice' }).waitFor();
    await page.getByRole('textbox', { name: ':least' }).fill('8');
    await at.press('Run');
    await at.tells(/^1 row in/);
    await at.press('Copy link');
    const other = await openPage(the.browser, await at.clipboard());
    const there = new ConsolePage(other.page);
    await there.press('Run');
    await there.tells(/^1 row in/);
    await other.context.close();
    expect(other.faults).to.deep.equal([]);
  });

  it('finds the parameters of a model that was written by hand', async () => {
    await at.write('"even rows" | head 5');
    await page.getByRole('textbox', { name: ':least' }).fill('2');
    await at.press('Run');
    await at.tells(/^4 rows in/);
    await at.write('select 1 as one');
    await page.locator('.parameters').waitFor({ state: 'detached' });
  });

  it('shows the text of a model and opens it, and inserts names', async () => {
    await at.open('Data');
    await at.press('Insert: even rows');
    expect(await at.text()).to.equal('"even rows"');
    await at.press('even rows');
    await page.locator('.things pre', { hasText: 'generate_series' }).waitFor();
    expect(await page.locator('.things li', { hasText: 'generate_series' }).innerText()).to.match(
      /n\s+int64\s+:least\s+int64\s+4/,
    );
    await at.press('Open its text: even rows');
    await until(async () => (await at.text()) === EVEN_ROWS.query, 20_000, 'its text is open');
    expect(await page.getByRole('textbox', { name: ':least' }).inputValue()).to.equal('4');
  });

  it('lists the tables of the connection with their columns, finds one, and shows its first rows', async () => {
    await at.open('Data');
    const tables = page.getByRole('region', { name: 'Tables' });
    const first = tables.locator('li').first();
    await first.locator('.columns code').first().waitFor();
    const name = await first.locator('strong').innerText();
    await page.getByRole('searchbox', { name: 'Find' }).fill('no table has such a name');
    await tables.getByText('Nothing was found').waitFor();
    await page.getByRole('searchbox', { name: 'Find' }).fill(name);
    await first.getByRole('button', { name: 'Insert' }).click();
    expect(await at.text()).to.equal(`select * from ${name}`);
    await first.getByRole('button', { name: 'First rows' }).click();
    await at.ended();
    expect(await at.status()).to.match(/^\d+ rows? in/);
  });

  it('runs a query as a job with its parameters, shows its rows, saves its file and removes it', async () => {
    await at.write(`${SERIES} | where n >= :least`);
    await page.getByRole('textbox', { name: ':least' }).fill('2');
    await at.press('Run as a job');
    const line = page.locator('.jobs tr', { hasText: ':least' });
    await line.locator('.state.finished').waitFor();
    const saved = page.waitForEvent('download');
    await line.getByRole('button', { name: 'Download json' }).click();
    expect(JSON.parse(await readDownload(await saved))).to.deep.include({ rowCount: 2, complete: true });
    await at.tells('forkline.json is complete');
    await at.press('New query');
    await line.getByRole('button', { name: 'Show rows' }).click();
    await at.tells(/^2 rows.*result of a job/s);
    expect(await at.cells(2)).to.deep.equal(['2', 'row 2', '3']);
    expect(await at.text()).to.contain(':least');
    await at.open('Jobs');
    await line.getByRole('button', { name: 'Remove' }).click();
    await line.waitFor({ state: 'detached' });
  });

  it('cancels a job, and tells why one failed', async () => {
    await at.write('select pg_sleep(55)::text');
    await page.keyboard.press('Shift+Alt+j');
    const sleeping = page.locator('.jobs tr', { hasText: 'pg_sleep(55)' });
    await sleeping.getByRole('button', { name: 'Cancel' }).click();
    await sleeping.locator('.state.cancelled').waitFor();
    await at.write('select 10 / (g - 3) as n from generate_series(1, 5) g');
    await page.keyboard.press('Shift+Alt+j');
    const failing = page.locator('.jobs tr', { hasText: 'g - 3' });
    await failing.locator('.cut', { hasText: 'division by zero' }).waitFor();
  });

  it('tells how old a kept answer is, and asks anew', async () => {
    const query = 'set cache = 10m; select clock_timestamp()::text as now';
    await at.run(query);
    expect(await page.locator('.kept').count()).to.equal(0);
    const [first] = await at.cells(2);
    await at.press('Run');
    await page.locator('.kept', { hasText: 'The server kept this answer' }).waitFor();
    expect(await at.cells(2)).to.deep.equal([first]);
    await at.press('Ask anew');
    await page.locator('.kept').waitFor({ state: 'detached' });
    await at.ended();
    expect(await at.cells(2)).to.not.deep.equal([first]);
  });
}
