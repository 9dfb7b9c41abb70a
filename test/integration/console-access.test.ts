/** The console in a real browser on a server that wants to know who asks: the key, what the role may not see, a key that is revoked. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { openPage, startBrowser } from '../support/browser.ts';
import { ConsolePage } from '../support/console-page.ts';
import { FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const run = promisify(execFile);
const ROLES = {
  analyst: { connections: ['main'] },
  operator: { connections: '*', queries: 'all', logs: true, metrics: true, processes: true },
};

describe('the console and who asks', function () {
  this.timeout(120_000);
  let dir: string;
  let forkline: Forkline;
  let browser: Browser;
  before(async function () {
    browser = await startBrowser(this);
    dir = mkdtempSync(join(tmpdir(), 'forkline-console-'));
    const policyFile = join(dir, 'policy.json');
    writeFileSync(policyFile, JSON.stringify({ roles: ROLES }));
    forkline = await startForkline({
      ...FEW_PROCESSES,
      access: { keysFile: join(dir, 'keys.json'), policyFile },
    });
  });
  after(async () => {
    await browser?.close();
    await forkline?.stop();
    if (dir !== undefined) rmSync(dir, { recursive: true });
  });

  async function keys(...words: readonly string[]): Promise<string> {
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '/',
      FORKLINE_CONFIG: forkline.configFile,
    };
    const { stdout } = await run(process.execPath, [COMMAND, 'keys', ...words], { env });
    return stdout.trim();
  }

  async function statusOf(key: string): Promise<number> {
    return (await fetch(`${forkline.url}/v1/limits`, { headers: { authorization: `Bearer ${key}` } })).status;
  }

  async function createKey(name: string, role: string): Promise<string> {
    const key = await keys('create', name, '--roles', role);
    await until(async () => ((await statusOf(key)) === 200 ? true : null), 5000);
    return key;
  }

  it('asks for a key, keeps the text when the key expires in the middle of work, and goes on with another', async () => {
    const first = await createKey('ann', 'analyst');
    const second = await createKey('ben', 'analyst');
    const { page, context, faults } = await openPage(browser, `${forkline.url}/`);
    const at = new ConsolePage(page);
    const give = async (key: string) => {
      await page.getByLabel('API key').fill(key);
      await at.press('Use this key');
    };
    await at.write('select 1 as one');
    await give(first);
    await at.run('select 1 as one');
    expect(await at.status()).to.match(/^1 row in/);
    await keys('revoke', first);
    await until(async () => ((await statusOf(first)) === 401 ? true : null), 5000);
    await at.run('select 2 as two');
    await page.getByText('The server refused the key').waitFor();
    expect(await at.text()).to.equal('select 2 as two');
    await give(second);
    // The refused run goes on by itself.
    await at.tells(/^1 row in/);
    expect(await at.cells(2)).to.deep.equal(['2']);
    expect(await page.evaluate<string>('JSON.stringify(localStorage) + location.href')).to.not.contain(
      second,
    );
    await context.close();
    expect(faults).to.deep.equal([]);
  });

  it('leaves nothing of somebody who goes: no rows, texts, parameters, history, jobs', async () => {
    const key = await createKey('eve', 'analyst');
    const { page, context, faults } = await openPage(browser, `${forkline.url}/`);
    const at = new ConsolePage(page);
    await page.getByLabel('API key').fill(key);
    await at.press('Use this key');
    await at.write("select :secret as found, 'hidden' as text");
    await page.getByRole('textbox', { name: ':secret' }).fill('4711');
    await at.press('Run');
    await at.tells(/^1 row in/);
    await at.press('New query');
    await at.press('Forget the key');
    await page
      .locator('dialog', { hasText: '1 open query with their parameters, 1 in the history' })
      .waitFor();
    await at.press('Forget all');
    await page.getByLabel('API key').waitFor();
    const left =
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.body.innerText, location.href])';
    for (const word of ['hidden', 'secret', '4711', key]) {
      expect(await page.evaluate<string>(left), word).to.not.contain(word);
    }
    await page.reload();
    await page.getByLabel('API key').waitFor();
    expect(await page.evaluate<string>(left)).to.not.match(/hidden|secret|4711/);
    await context.close();
    expect(faults).to.deep.equal([]);
  });

  it('shows answers that were given to one key to no other', async () => {
    const first = await createKey('fay', 'analyst');
    const second = await createKey('gus', 'analyst');
    const { page, context, faults } = await openPage(browser, `${forkline.url}/`);
    const at = new ConsolePage(page);
    await page.getByLabel('API key').fill(first);
    await at.press('Use this key');
    await at.run("select 'of fay' as whose");
    await at.tells(/^1 row in/);
    await at.press('New query');
    await keys('revoke', first);
    await until(async () => ((await statusOf(first)) === 401 ? true : null), 5000);
    await at.run('select 2 as two');
    await page.getByLabel('API key').fill(second);
    await at.press('Use this key');
    await at.tells(/^1 row in/);
    await page.getByRole('button', { name: "select 'of fay' as whose", exact: true }).click();
    await page.getByText('This query has not run yet').waitFor();
    expect(await page.locator('.cell').count()).to.equal(0);
    await context.close();
    expect(faults).to.deep.equal([]);
  });

  it('does not show what the role may not see', async () => {
    const analyst = await createKey('carl', 'analyst');
    const operator = await createKey('dora', 'operator');
    const { page, context, faults } = await openPage(browser, `${forkline.url}/`);
    const at = new ConsolePage(page);
    await page.getByLabel('API key').fill(analyst);
    await at.press('Use this key');
    await at.run('select 3 as three');
    await at.open('Server');
    await page.locator('.server tr', { hasText: 'select 3' }).waitFor();
    expect(await page.locator('.server h2').allInnerTexts()).to.deep.equal(['Queries']);
    expect(await page.locator('.server tr button').count()).to.equal(0);
    // This server has neither jobs nor a catalogue.
    expect(await page.getByRole('tab').allInnerTexts()).to.not.include('Jobs');
    expect(await page.getByRole('button', { name: 'Run as a job' }).count()).to.equal(0);
    await at.open('Data');
    await page.getByRole('region', { name: 'Tables' }).waitFor();
    expect(await page.getByRole('region', { name: 'Models' }).count()).to.equal(0);
    await at.open('Server');
    await at.press('Forget the key');
    await at.press('Keep the queries');
    await page.getByLabel('API key').fill(operator);
    await at.press('Use this key');
    await page.getByRole('heading', { name: 'Processes' }).waitFor();
    await page.getByRole('heading', { name: 'Slow and failing queries' }).waitFor();
    await context.close();
    expect(faults).to.deep.equal([]);
  });
});
