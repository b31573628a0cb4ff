import { expect, test } from 'vitest';
import { patientEnvironment } from '#test/support/patient-environment.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';
import { readUntil } from './read-until.ts';
import { respelled } from './respelled.ts';
import { CHAT, hear, hearText, WAYS } from './ways.ts';

for (const way of WAYS) {
  test(`S8 ${way.entry}: while the model thinks a comment comes at least every 15 s, from the start, and none at the end`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const [thinking, more] = [new Gate(), new Gate()];
    const chunks = (async function* () {
      yield 'A weir ';
      await more.pass();
      yield 'holds.';
    })();
    upstream.script(stream({ thinking, chunks }));
    const opened = weir.stream(way.entry, { ...way.body, stream: true }, { remainingMs: 900_000 });
    await thinking.reached();
    await weir.clock.advance(15_000);
    const reply = await opened;
    expect(reply.status).toBe(200);
    const seen: string[] = [];
    for (let beat = 0; beat < 2; beat++) {
      await readUntil(reply, ': heartbeat\n\n', seen);
      await weir.clock.advance(15_000);
    }
    thinking.open();
    await readUntil(reply, 'A weir ', seen);
    await more.reached();
    for (let beat = 0; beat < 2; beat++) {
      await weir.clock.advance(15_000);
      await readUntil(reply, ': heartbeat\n\n', seen);
    }
    more.open();
    const rest = await reply.text();
    expect(rest).not.toMatch(/upstream_/);
    expect(await reply.settled).toBeUndefined();
    const written = rest.length;
    await weir.clock.advance(60_000);
    expect([(await reply.text()).length, weir.clock.pending, written > 0]).toEqual([0, 0, true]);
  });
}

test('S1, S8 a byte order mark behind a heartbeat does not spoil the first event', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const thinking = new Gate();
  upstream.script(respelled(stream({ thinking, chunks: ['A weir holds.'] }), { mark: true }));
  const opened = weir.stream(CHAT.entry, { ...CHAT.body, stream: true });
  await thinking.reached();
  await weir.clock.advance(15_000);
  const reply = await opened;
  thinking.open();
  const text = await reply.text();
  expect([text.includes('\uFEFF'), text.includes(': heartbeat'), (await hearText(text)).text]).toEqual([
    false,
    true,
    'A weir holds.',
  ]);
  expect(text.match(/"role":"assistant"/g)).toHaveLength(1);
});

test('S8 a call that waits for the answer of another has a heartbeat too', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = patientEnvironment(weir);
  const way = WAYS[0]!;
  const thinking = new Gate();
  upstream.script(stream({ thinking, chunks: ['A weir holds.'] }));
  const first = environment.stream(way.entry, { ...way.body, stream: true });
  await thinking.reached();
  const second = environment.stream(way.entry, { ...way.body, stream: true });
  await environment.reads.answered(2);
  await weir.clock.advance(15_000);
  const replies = [await first, await second];
  for (const reply of replies) await readUntil(reply, ': heartbeat\n\n');
  thinking.open();
  for (const reply of replies) expect((await hear(reply)).text).toBe('A weir holds.');
  expect(upstream.requests).toHaveLength(1);
});
