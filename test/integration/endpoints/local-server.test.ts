import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FUNCTIONS_FOLDER, readInventory } from '#infra/inventory.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import { formatUsd, parseUsd } from '#platform/money.ts';
import { StartedWeir } from '#test/support/started-weir.ts';
import { hearText } from '../streaming/ways.ts';

/** Every endpoint as people meet it: `npm start` in a process of its own, over HTTP, with the simulated upstream. */
const endpoints = routedEntries(await readInventory(FUNCTIONS_FOLDER)).flatMap((entry) =>
  entry.spec.kind === 'endpoint' ? [{ name: entry.name, path: pathOf(entry), spec: entry.spec }] : [],
);

let folder: string;
let weir: StartedWeir;
/** What the replies said that they cost, by endpoint. */
const costs = new Map<string, bigint>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-endpoints-'));
  weir = await new StartedWeir(folder, {}).ready();
});
afterAll(async () => {
  await weir.interrupt();
  await rm(folder, { recursive: true, force: true });
});

async function ask(path: string, body: unknown): Promise<Response> {
  const headers = { authorization: `Bearer ${weir.keys.caller}`, 'content-type': 'application/json' };
  return fetch(weir.outputs.apiUrl + path, { method: 'POST', headers, body: JSON.stringify(body) });
}

function note(name: string, usd: unknown): void {
  costs.set(name, (costs.get(name) ?? 0n) + parseUsd(String(usd)));
}

describe.each(endpoints)('$name', ({ name, path, spec }) => {
  test('answers its example, with a receipt', async () => {
    const reply = await ask(path, spec.example);
    expect([reply.status, reply.headers.get('x-weir-upstream')]).toEqual([200, 'simulated']);
    expect(spec.output.safeParse(await reply.json()).error).toBeUndefined();
    note(name, reply.headers.get('x-weir-cost-usd'));
  });

  if (spec.stream && spec.answers !== 'openai')
    test('streams it, and the words told are the answer', async () => {
      const reply = await ask(path, { ...(spec.example as object), stream: true });
      expect(reply.headers.get('content-type')).toMatch(/^text\/event-stream/);
      const { text, receipt, isWhole } = await hearText(await reply.text());
      expect([reply.status, isWhole]).toEqual([200, true]);
      expect(spec.output.safeParse(receipt?.['output']).error).toBeUndefined();
      expect(text.trim().length).toBeGreaterThan(0);
      expect(JSON.stringify(receipt?.['output'])).toContain(JSON.stringify(text.trim()));
      note(name, receipt?.['costUsd']);
    });

  if (spec.answers !== 'openai')
    test('tells wrong input by name', async () => {
      const reply = await ask(path, { ...(spec.example as object), [Object.keys(spec.example as object)[0]!]: null });
      expect(reply.status).toBe(400);
      expect(await reply.text()).toContain(Object.keys(spec.example as object)[0]!);
    });
});

test('the spend report shows what the replies said, endpoint by endpoint', async () => {
  const headers = { authorization: `Bearer ${weir.keys.administrator}` };
  const reply = await fetch(`${weir.outputs.apiUrl}/v1/spend`, { headers });
  const { rows } = (await reply.json()) as { rows: { endpoint: string; costUsd: string }[] };
  const told = Object.fromEntries([...costs].map(([name, pico]) => [name, formatUsd(pico)]));
  expect(Object.fromEntries(rows.map(({ endpoint, costUsd }) => [endpoint, costUsd]))).toEqual(told);
});
