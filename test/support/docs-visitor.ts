import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Locator, Page } from 'playwright-core';

/** What an operation showed when it was executed. */
export interface Tried {
  /** The body that stood in it to be sent, where it takes one. */
  readonly prefilled: string | undefined;
  readonly status: string;
  /** All that it shows of the reply. */
  readonly reply: string;
}

/** One person who reads the docs page, with all that went wrong meanwhile. */
export class DocsVisitor implements AsyncDisposable {
  readonly page: Page;
  /** Addresses of all that the page asked for. */
  readonly requested: string[] = [];
  /** What the browser complained of: refusals of the page's policy, files that did not come, uncaught errors. */
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('request', (request) => void this.requested.push(request.url()));
    page.on('requestfailed', (request) => void this.complaints.push(`no reply from ${request.url()}`));
    page.on('pageerror', (error) => void this.complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
  }

  /**
   * Opens the page, and waits until its operations are there. In a window of its own: tabs behind the one in front are slowed
   * down by the browser.
   */
  static async arrive(browser: Browser, url: string): Promise<DocsVisitor> {
    const visitor = new DocsVisitor(await (await browser.newContext()).newPage());
    await visitor.page.goto(url);
    await visitor.page.locator('.opblock').first().waitFor();
    return visitor;
  }

  /** Gives the page a key, as it asks for one. */
  async authorize(key: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Authorize', exact: true }).click();
    const dialog = this.page.locator('.modal-ux');
    await dialog.getByLabel('Value').fill(key);
    await dialog.getByRole('button', { name: 'Apply credentials' }).click();
    await dialog.locator('.btn-done').click();
  }

  /** An operation by its id in the OpenAPI document. */
  operation(operationId: string): Locator {
    return this.page.locator(`.opblock[id$="-${operationId}"]`).filter({ has: this.page.locator('.opblock-summary') });
  }

  /** Opens an operation, tries it as it stands, and closes it. */
  async try(operation: Locator): Promise<Tried> {
    const opener = operation.locator('.opblock-summary-control');
    if ((await opener.getAttribute('aria-expanded')) === 'false') await opener.click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    const body = operation.locator('textarea.body-param__text');
    const prefilled = (await body.count()) > 0 ? await body.inputValue() : undefined;
    await operation.getByRole('button', { name: 'Execute' }).click();
    const tried = { prefilled, ...(await this.answer(operation)) };
    await opener.click();
    return tried;
  }

  /** The answer that an operation shows, when it is there. */
  async answer(operation: Locator): Promise<Omit<Tried, 'prefilled'>> {
    const answer = operation.locator('.live-responses-table tbody');
    const status = (await answer.locator('.response-col_status').innerText()).trim();
    return { status, reply: await answer.innerText() };
  }

  /** Presses Tab until what is focused is the given element. @throws Error when it is not reached */
  async tabTo(target: Locator): Promise<void> {
    const focused = target.and(this.page.locator(':focus'));
    for (let presses = 0; presses < MOST_TABS; presses++) {
      if ((await focused.count()) > 0) return;
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`${MOST_TABS} presses of Tab do not lead to ${target.toString()}`);
  }

  /** What axe finds wrong with the page as it stands, of any weight: rule and place. */
  async barriers(): Promise<string[]> {
    const { violations } = await new AxeBuilder({ page: this.page }).analyze();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}

const MOST_TABS = 200;
