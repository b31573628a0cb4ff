import { expect, test } from 'vitest';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { startWeir } from '#test/support/weir.ts';
import { assistant, calls, chatPrices, result, routesBy, system, user } from './chat-upstream.ts';

/** Estimated at 20,000 tokens each, 3 of its frame included: four of its letters are one. */
const long = (letter: string) => letter.repeat(4 * 19_997);

test('a conversation that is too long loses its oldest turns, and the reply says how many', async () => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const messages = [
    system('Be brief.'),
    user(long('a')),
    { ...assistant(long('b')), tool_calls: calls('x') },
    result('x'),
    assistant(long('c')),
    system('Be polite.'),
    user(long('d')),
    assistant(long('e')),
    user(long('f')),
  ];
  const { status, body } = await weir.post('chat', { messages, size: 'small' });
  expect([status, body['trimmed']]).toEqual([200, { turns: 4, estimatedTokens: 60_018 }]);
  const sent = (upstream.requests[0]!.body.input as { content?: string }[]).map(({ content }) => content?.slice(0, 8));
  expect(sent).toEqual(['Be brief', 'Be polit', 'dddddddd', 'eeeeeeee', 'ffffffff']);
});

test('a conversation that was cut keeps its model, for it is routed by how it began', async () => {
  await using upstream = await startScriptedUpstream({ prices: chatPrices });
  upstream.otherwise(routesBy(({ user: opening }) => (opening === 'Hello.' ? 'large' : 'small')));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const turns = ['b', 'c', 'd', 'e', 'f'].flatMap((letter) => [assistant(long(letter)), user('Go on.')]);
  const { body } = await weir.post('chat', { messages: [user('Hello.'), ...turns] });
  expect(body).toMatchObject({ size: 'large', trimmed: { turns: 4 } });
});

test.each([
  ['last turn', [user('a'), user(long('b').repeat(5))]],
  ['system turns', [...Array.from({ length: 5 }, () => system(long('b'))), user('a')]],
  [
    'last results, with their call',
    [
      { role: 'assistant', tool_calls: calls('x') },
      { ...result('x'), content: long('b').repeat(5) },
    ],
  ],
])(
  'a conversation too long by its %s alone is refused with its size and the limit, and nothing is asked',
  async (_, messages) => {
    await using upstream = await startScriptedUpstream({ prices: chatPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const { status, body } = await weir.post('chat', { messages });
    expect([status, body['code'], upstream.requests.length]).toEqual([413, 'too_large', 0]);
    expect(body['detail']).toMatch(/^messages: .* are about (99,9|100,0)\d\d tokens long, but at most 79,9\d\d fit$/);
    expect(body['limitTokens']).toBeLessThan(80_000);
    expect(body['estimatedTokens']).toBeGreaterThan(99_900);
    expect(await weir.ledger()).toEqual([]);
  },
);
