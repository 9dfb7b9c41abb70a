/** The console in a page of the test browser, in the words of those who use it. */
import type { Locator, Page } from 'playwright-core';

/** The text of the editor; its hint, where it is empty, does not count. */
const TEXT = `document.querySelector('.cm-placeholder') === null
  ? [...document.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\\n')
  : ''`;

export class ConsolePage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  get editor(): Locator {
    return this.page.locator('.cm-content');
  }

  /** Replaces the text of the editor. */
  async write(text: string): Promise<void> {
    await this.editor.click();
    await this.page.keyboard.press('ControlOrMeta+a');
    await this.page.keyboard.press('Delete');
    if (text !== '') await this.page.keyboard.insertText(text);
  }

  /** Runs a text, and resolves when it has ended, whatever way. */
  async run(text: string): Promise<void> {
    await this.write(text);
    await this.page.keyboard.press('ControlOrMeta+Enter');
    await this.drawn();
    await this.ended();
  }

  /** Waits until the page has drawn what a key did: the end of the run before it must not be taken for the end of this one. */
  async drawn(): Promise<void> {
    await this.page.evaluate(
      'new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))',
    );
  }

  async ended(): Promise<void> {
    await this.page.locator('.state.done, .state.failed, .state.cancelled').first().waitFor();
  }

  async press(name: string): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).first().click();
  }

  async open(panel: string): Promise<void> {
    await this.page.getByRole('tab', { name: panel, exact: true }).click();
  }

  /** Returns the texts of a row's cells; the row of the columns' names is 1. */
  async cells(row: number): Promise<readonly string[]> {
    const line = this.page.locator(`[role=row][aria-rowindex="${row}"]`);
    await line.waitFor();
    return await line.locator('[role=gridcell]').allInnerTexts();
  }

  async status(): Promise<string> {
    return await this.page.locator('.status').innerText();
  }

  async text(): Promise<string> {
    return await this.page.evaluate(TEXT);
  }

  async clipboard(): Promise<string> {
    return await this.page.evaluate('navigator.clipboard.readText()');
  }

  /** Waits for a text of the status line. */
  async tells(text: string | RegExp): Promise<void> {
    await this.page.locator('.status').filter({ hasText: text }).waitFor();
  }
}
