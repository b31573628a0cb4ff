import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readInventory } from '#infra/inventory.ts';
import { parametersOf } from '#infra/path-parameters.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import { startChromium } from '#test/support/chromium.ts';
import { DocsVisitor } from '#test/support/docs-visitor.ts';
import { StartedWeir } from '#test/support/started-weir.ts';

/** All that can be tried as it stands: what has an example, and what needs none. */
const tried = routedEntries(await readInventory())
  .filter((entry) => entry.spec.example !== undefined || parametersOf(pathOf(entry)).length === 0)
  .map((entry) => ({ name: entry.name, spec: entry.spec }));

let browser: Browser;
let weir: StartedWeir;
let url: string;
/** One page for each key. */
let caller: DocsVisitor;
let administrator: DocsVisitor;
const parts = new AsyncDisposableStack();

beforeAll(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'weir-docs-'));
  parts.defer(() => rm(dataDir, { recursive: true, force: true }));
  browser = await startChromium();
  parts.defer(() => browser.close());
  weir = new StartedWeir(dataDir, {});
  parts.defer(async () => void (await weir.interrupt()));
  await weir.ready();
  url = weir.outputs.apiUrl;
  caller = parts.use(await DocsVisitor.arrive(browser, `${url}/docs`));
  await caller.authorize(weir.keys.caller);
  administrator = parts.use(await DocsVisitor.arrive(browser, `${url}/docs`));
  await administrator.authorize(weir.keys.administrator);
}, 60_000);
afterAll(() => parts.disposeAsync());

describe.each(tried)('$name', ({ name, spec }) => {
  test('its example stands on the page ready to be sent, and works when clicked', async () => {
    const isForCallers = spec.access === 'public' || spec.access.includes('caller');
    const visitor = isForCallers ? caller : administrator;
    const { status, prefilled, reply } = await visitor.try(visitor.operation(name.replaceAll('/', '-')));
    expect(status, reply).toBe(String(spec.kind === 'route' ? spec.status : 200));
    const body = spec.kind === 'endpoint' ? spec.example : spec.example?.['body'];
    expect(prefilled === undefined ? undefined : JSON.parse(prefilled)).toEqual(body);
    if (spec.kind === 'endpoint') expect(reply).toContain('x-weir-upstream: simulated');
    expect(visitor.complaints).toEqual([]);
  });
});

test('who comes while the API cannot be read is told so', async () => {
  const page = await browser.newPage();
  await page.route('**/openapi.json', (route) => route.abort());
  await page.goto(`${url}/docs`);
  const told = await page.getByRole('alert').innerText();
  await page.context().close();
  expect(told).toBe('openapi.json could not be read. Load the page again.');
});

test('start-up names the page; all endpoints can be tried on it, and it asks for nothing but of Weir itself', () => {
  expect(weir.stdout).toContain(`${url}/docs\n`);
  expect(tried.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['summarize', 'chat', 'openai/responses', 'finance/set-budget']),
  );
  const requested = [...caller.requested, ...administrator.requested];
  expect(requested).toEqual(expect.arrayContaining([`${url}/docs`, `${url}/openapi.json`, `${url}/v1/summarize`]));
  expect(requested.filter((address) => new URL(address).origin !== url)).toEqual([]);
});

test('axe finds nothing wrong: with the dialog for the key, nor with the page and what was tried on it', async () => {
  await using visitor = await DocsVisitor.arrive(browser, `${url}/docs`);
  const { page } = visitor;
  expect([await page.title(), await page.locator('html').getAttribute('lang')]).toEqual(['Weir: the API', 'en']);
  await page.getByRole('button', { name: 'Authorize', exact: true }).click();
  expect(await visitor.barriers()).toEqual([]);
  await page.locator('.modal-ux .btn-done').click();

  // Two are open, with a schema shown and fields of all kinds; one was tried without a key: a refusal is shown as an answer is.
  const [one, other] = [visitor.operation('summarize'), visitor.operation('finance-spend')];
  for (const operation of [one, other]) {
    await operation.locator('.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.getByRole('tab', { name: 'Schema' }).first().click();
  }
  await one.getByRole('button', { name: 'Execute' }).click();
  expect(await visitor.answer(one)).toMatchObject({ status: '401', reply: expect.stringContaining('a valid key') });
  expect(await visitor.barriers()).toEqual([]);
});

test('who has only a keyboard gives a key, opens an operation and tries it', async () => {
  await using visitor = await DocsVisitor.arrive(browser, `${url}/docs`);
  const { keyboard } = visitor.page;
  const press = async (target: Locator) => {
    await visitor.tabTo(target);
    await keyboard.press('Enter');
  };
  const dialog = visitor.page.locator('.modal-ux');
  await press(visitor.page.getByRole('button', { name: 'Authorize', exact: true }));
  await visitor.tabTo(dialog.getByLabel('Value'));
  await keyboard.type(weir.keys.caller);
  await press(dialog.getByRole('button', { name: 'Apply credentials' }));
  await press(dialog.locator('.btn-done'));
  const operation = visitor.operation('translate');
  await press(operation.locator('.opblock-summary-control'));
  await press(operation.getByRole('button', { name: 'Try it out' }));
  await press(operation.getByRole('button', { name: 'Execute' }));
  expect(await visitor.answer(operation)).toMatchObject({ status: '200' });
  expect(visitor.complaints).toEqual([]);
});

test('an operation has an address of its own, which opens it', async () => {
  await caller.operation('openai-responses').locator('.opblock-summary-control').click();
  const address = caller.page.url();
  expect(address).toBe(`${url}/docs#/openai/openai-responses`);
  await using visitor = await DocsVisitor.arrive(browser, address);
  await visitor.operation('openai-responses').getByRole('button', { name: 'Try it out' }).waitFor();
  expect(await visitor.page.locator('.opblock.is-open').count()).toBe(1);
});

test('it works behind a stage of API Gateway, whose name stands before every path', async () => {
  await using stage = await startStage('/prod', url);
  await using visitor = await DocsVisitor.arrive(browser, `${stage.url}/prod/docs`);
  await visitor.authorize(weir.keys.caller);
  expect(await visitor.try(visitor.operation('summarize'))).toMatchObject({ status: '200' });
  expect(visitor.requested).toContain(`${stage.url}/prod/v1/summarize`);
  expect(visitor.requested.filter((address) => !address.startsWith(`${stage.url}/prod/`))).toEqual([]);
  expect(visitor.complaints).toEqual([]);
});

test('a script or a style that stands in the page, or is evaluated, is refused; and such a refusal does not go unseen here', async () => {
  const { page, complaints } = administrator;
  expect(complaints).toEqual([]);
  for (const planted of [
    `const script = document.createElement('script'); script.textContent = 'ran = 1'; document.body.append(script)`,
    `document.body.insertAdjacentHTML('beforeend', '<p style="color: red">')`,
    `setTimeout(() => new Function('ran = 1')())`,
    `import('data:text/javascript,ran = 1').catch(() => {})`,
    `fetch('https://example.com/').catch(() => {})`,
  ]) {
    const before = complaints.length;
    await page.evaluate(planted);
    await expect.poll(() => complaints.slice(before).join('\n')).toContain('Content Security Policy');
  }
  expect(await page.evaluate('typeof ran')).toBe('undefined');
});

/** What API Gateway does to a path: the stage's name goes, and what does not begin with it is no route. */
async function startStage(stage: string, target: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((asked, response) => {
    if (!asked.url?.startsWith(`${stage}/`)) return void response.writeHead(403).end();
    const { method, headers } = asked;
    const onward = sendRequest(target + asked.url.slice(stage.length), { method, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 0, reply.headers);
      reply.pipe(response);
    });
    asked.pipe(onward);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}
