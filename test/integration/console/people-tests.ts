/** The console for everybody: newcomers, by keyboard, by screen reader, in Korean, on narrow screens. */
import AxeBuilder from 'axe-core';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { VIEWS } from '../../../console/state/view.ts';
import { en } from '../../../console/words/en.ts';
import { ko } from '../../../console/words/ko.ts';
import type { ConsolePage } from '../../support/console-page.ts';
import type { ConsoleSuite } from '../../support/console-suite.ts';
import { BY_HOUR } from './queries.ts';

const KOREAN: ReadonlySet<string> = new Set(textsOf(ko));
/** The texts that a reader sees, without those of the query, its rows, its plan, and what the server names in English. */
const SHOWN_TEXTS = `(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) {
    const { parentElement: parent, data } = walker.currentNode;
    if (parent.closest('.cm-editor, .grid, code, pre, [lang]') === null) texts.push(data.trim());
  }
  const named = [...document.querySelectorAll('[aria-label], [title], [placeholder]')].flatMap((element) =>
    ['aria-label', 'title', 'placeholder'].map((name) => element.getAttribute(name) ?? ''),
  );
  return [...texts, ...named].filter((text) => text !== '');
})()`;

/** Returns the texts of a translation that stand for themselves. */
function textsOf(words: object): readonly string[] {
  return Object.values(words).flatMap((one: unknown) =>
    typeof one === 'string' ? [one] : typeof one === 'object' && one !== null ? textsOf(one) : [],
  );
}

export function peopleTests(the: ConsoleSuite): void {
  let page: Page;
  let at: ConsolePage;
  beforeEach(() => {
    ({ page, at } = the);
  });

  it('begins with queries of the tables that are there', async () => {
    await page.locator('.examples button').first().click();
    await at.ended();
    expect(await at.status()).to.match(/^\d+ rows in/);
  });

  it('finds every command from the keyboard', async () => {
    await at.write('select 1 as a');
    await page.keyboard.press('F1');
    await page.getByRole('combobox', { name: 'Find a command' }).fill('comment');
    await page.keyboard.press('Enter');
    expect(await at.text()).to.equal('-- select 1 as a');
    await page.keyboard.press('ControlOrMeta+/');
    expect(await at.text()).to.equal('select 1 as a');
    await page.keyboard.press('Shift+Alt+4');
    expect(await page.getByRole('tab', { name: 'History' }).getAttribute('aria-selected')).to.equal('true');
  });

  it('takes Hangul from an input method without losing or doubling letters', async () => {
    await at.write('');
    const session = await the.open.context.newCDPSession(page);
    const compose = (text: string) =>
      session.send('Input.imeSetComposition', {
        text,
        selectionStart: text.length,
        selectionEnd: text.length,
      });
    for (const [syllable, ...parts] of [
      ['한', 'ㅎ', '하', '한'],
      ['글', 'ㄱ', '그', '글'],
    ]) {
      for (const text of parts) await compose(text);
      await session.send('Input.insertText', { text: syllable! });
    }
    expect(await at.text()).to.equal('한글');
  });

  it('speaks Korean in every panel', async () => {
    await at.press('한국어');
    await page.getByRole('button', { name: '실행', exact: true }).waitFor();
    expect(await page.evaluate<string>('document.documentElement.lang')).to.equal('ko');
    expect(await at.editor.getAttribute('aria-label')).to.equal('쿼리');
    await at.run(`${BY_HOUR} | sql (select * from input)`);
    await page.locator('.cell').first().click();
    await page.locator('aside button').first().waitFor();
    const english = textsOf(en).filter((text) => !KOREAN.has(text));
    for (const view of VIEWS) {
      await at.open(ko[view]);
      await page.locator('#panel > *').first().waitFor();
      // Elements with `lang` are meant for readers of another language.
      const shown = await page.evaluate<string[]>(SHOWN_TEXTS);
      expect(
        shown.filter((text) => english.includes(text)),
        view,
      ).to.deep.equal([]);
    }
    await page.keyboard.press('F1');
    const commands = await page.locator('[role=option] > span').allInnerTexts();
    expect(commands.filter((text) => !/[가-힣]/.test(text))).to.deep.equal(['English']);
  });

  it('fits a narrow screen in every panel', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await at.run('select g as n, md5(g::text) as text from generate_series(1, 50) g');
    await page.locator('.cell').first().click();
    await page.locator('aside').waitFor();
    expect((await page.locator('.grid').boundingBox())!.height).to.be.above(100);
    for (const view of VIEWS) {
      await at.open(en[view]);
      const overflow = await page.evaluate<number>(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(overflow, view).to.equal(0);
    }
  });

  for (const scheme of ['light', 'dark'] as const)
    it(`has nothing serious that axe finds, ${scheme}`, async () => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.evaluate(AxeBuilder.source);
      const clean = async (what: string) => expect(await seriousFindings(page), what).to.deep.equal([]);
      await clean('at the start');
      await at.run('select nosuch');
      await clean('a failure');
      await at.run(BY_HOUR);
      await page.locator('.cell').first().click();
      await clean('Rows with a value');
      await page.locator('.head button').first().click();
      await page.locator('.summary').waitFor();
      for (const view of VIEWS) {
        await at.open(en[view]);
        await page.locator('#panel > *').first().waitFor();
        await clean(view);
      }
      await page.keyboard.press('F1');
      await clean('palette');
      await page.getByRole('combobox').fill('forget');
      await page.keyboard.press('Enter');
      await page.locator('dialog.ask').waitFor();
      await clean('forgetting');
    });
}

/** Returns what axe finds of impact serious or critical, with the elements. The page's policy refuses inline scripts, so axe is evaluated. */
async function seriousFindings(page: Page): Promise<readonly string[]> {
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: readonly Violation[] }> };
    };
    interface Violation {
      readonly id: string;
      readonly impact: string;
      readonly nodes: readonly { readonly html: string }[];
    }
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
  });
}
