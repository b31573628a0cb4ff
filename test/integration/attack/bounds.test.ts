import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { plainAnswers } from '#test/support/plain-answers.ts';
import { openScene, type AttackScene } from './attack-scene.ts';
import { tried } from './rows.ts';
import { allTargets, type Target } from './targets.ts';
import { UNCOUNTED } from './uncounted.ts';

const targets = await allTargets();

let scene: AttackScene;
beforeAll(async () => {
  scene = await openScene();
  scene.gateway.upstream.otherwise(plainAnswers);
});
afterAll(() => scene[Symbol.asyncDispose]());

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

/** Values past what a schema lets pass, as far as it says so. */
function excesses({ type, maxLength = Infinity, maxItems = Infinity }: Schema): unknown[] {
  if (type === 'integer' || type === 'number') return [1e9, -1, 1.5, 1e308, '7', true, [1]];
  if (type === 'string' && maxLength < 300_000) return ['a'.repeat(maxLength + 1), 7, ['a']];
  if (type === 'array' && maxItems < 10_000) return [Array(maxItems + 1).fill('a'), 'a', {}];
  return [];
}

const schemaOf = (type: z.ZodType) => z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' }) as Schema;

/** Each field of a body that has a bound, with what is past it. */
function bodyExcesses({ spec, kind }: Target): (readonly [string, unknown])[] {
  const type = spec.kind === 'endpoint' ? spec.input : spec.body;
  if (type === undefined || kind === 'compatible') return [];
  const { properties = {} } = schemaOf(type);
  return Object.entries(properties).flatMap(([field, schema]) =>
    excesses(schema).map((value) => [field, value] as const),
  );
}

/** What OpenAI bounds only after it was asked. */
const TOO_MUCH: Readonly<Record<string, readonly (readonly [string, unknown])[]>> = {
  'openai/chat-completions': [
    ['n', 1_000],
    ['n', -1],
    ['n', 1.5],
    ['max_completion_tokens', 1e9],
    ['max_completion_tokens', 0],
    ['max_tokens', 1e9],
  ],
  'openai/responses': [
    ['max_output_tokens', 1e9],
    ['max_output_tokens', -1],
    ['max_output_tokens', '1e9'],
  ],
  'openai/embeddings': [
    ['dimensions', 1e9],
    ['dimensions', -1],
    ['input', Array(2_049).fill('a')],
  ],
  'openai/moderations': [['input', 1e9]],
};

describe.each(tried('I6', targets))('%s', (name, target) => {
  test('I6 more than its bounds is a 400 that names the field, before any spend', () =>
    scene.untouched(async () => {
      for (const [field, value] of [...bodyExcesses(target), ...(TOO_MUCH[name] ?? [])]) {
        const body = { ...target.body, [field]: value };
        if (field === 'max_tokens') delete (body as Record<string, unknown>)['max_completion_tokens'];
        const { status, errors } = await scene.refused(target, { body });
        const shown = JSON.stringify(value).slice(0, 80);
        expect([field, shown, status, errors?.some((fault) => fault.field.split('.')[0] === field)]).toEqual([
          field,
          shown,
          400,
          true,
        ]);
      }
      if (target.kind !== 'endpoint') return;
      for (const field of ['max_tokens', 'max_output_tokens', 'n', 'best_of', 'model', 'tools']) {
        const { status, errors } = await scene.refused(target, { body: { ...target.body, [field]: 1e9 } });
        expect([status, errors?.map((fault) => fault.field)]).toEqual([400, [field]]);
      }
    }));
});

test('I6 every compatible route is asked for too much', () => {
  const compatible = targets.filter(({ kind }) => kind === 'compatible').map(({ name }) => name);
  expect(Object.keys(TOO_MUCH).toSorted()).toEqual(compatible.toSorted());
  expect(Object.keys(UNCOUNTED).toSorted()).toEqual(compatible.toSorted());
});

describe.each(tried('I8', targets))('%s', (name, target) => {
  const { body } = target;

  test('I8 what nobody here can count is refused by its name, before any spend', () =>
    scene.untouched(async () => {
      for (const [field, change] of UNCOUNTED[name] ?? []) {
        const { status, errors } = await scene.refused(target, { body: { ...body, ...change } });
        expect([change, status, errors?.[0]?.field]).toEqual([change, 400, field]);
      }
    }));

  test('I8 an output limit is always sent, where there is output', async () => {
    const limits = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'];
    const bare = Object.fromEntries(Object.entries(body!).filter(([field]) => !limits.includes(field)));
    expect((await scene.send(target, { body: bare })).status).toBe(200);
    const sent = scene.gateway.upstream.requests.at(-1)!.body;
    const writes = 'messages' in body! || 'max_output_tokens' in body!;
    const given = limits.filter((field) => Number.isSafeInteger(sent[field]) && Number(sent[field]) <= 128_000);
    expect([name, given.length]).toEqual([name, writes ? 1 : 0]);
  });
});

test('I8 n multiplies: what buys one choice does not buy 128, and nothing is asked', async () => {
  const chat = targets.find(({ name }) => name === 'openai/chat-completions')!;
  const key = await scene.register({ id: 'thrifty', roles: ['caller'], endpoints: ['*'] });
  const limit = { window: 'month', limitUsd: '0.001' };
  const budget = { method: 'PUT', path: '/v1/budgets/caller:thrifty', body: limit, key: scene.keys.administrator };
  expect((await scene.gateway.send(budget)).status).toBe(200);
  const asked = scene.gateway.upstream.requests.length;
  const { status } = await scene.refused(chat, { key, body: { ...chat.body, n: 128 } });
  expect([status, scene.gateway.upstream.requests.length - asked]).toEqual([402, 0]);
  expect((await scene.send(chat, { key, body: { ...chat.body, n: 1 } })).status).toBe(200);
});

test('and nothing of all that is in the log, or was a fault', () => scene.expectQuiet());
