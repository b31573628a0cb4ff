import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { expectBooksToAgree } from '#test/support/books.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import type { StampedeWork } from '#test/support/stampede-process.ts';
import { cachesOf, environmentsOf } from '#test/support/stampede.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const ENTRY = resolve(import.meta.dirname, '../../support/stampede-process.ts');

/** Starts a process that makes calls. */
function startCallers(work: StampedeWork) {
  const child = spawn(process.execPath, [ENTRY, JSON.stringify(work)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    line: async () => (await lines.next()).value,
    /** As the kernel or Lambda kills: nothing of it runs any more. */
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

test('C6 100 concurrent identical misses in four real processes: one upstream call, 99 hits, spent once', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, clock: systemClock });
  using stack = new DisposableStack();
  const gate = new Gate();
  upstream.otherwise(answer({ gate }));
  const children = Array.from({ length: 4 }, () =>
    stack.use(startCallers({ config: weir.platform.config, calls: 25 })),
  );
  expect(await Promise.all(children.map(({ line }) => line()))).toEqual(Array(4).fill('missed'));
  await gate.reached();
  gate.open();
  const replies = (await Promise.all(children.map(({ line }) => line()))).flatMap(
    (line) => JSON.parse(line ?? '[]') as string[],
  );
  expect(replies.toSorted()).toEqual([...Array(99).fill('200 hit'), '200 miss']);
  expect(upstream.requests).toHaveLength(1);
  await expectBooksToAgree(weir, upstream, 'haiku');
  expect((await weir.ledger()).filter(({ waitedMs }) => waitedMs !== undefined)).toHaveLength(99);
});

test('C6 a leader that is killed is replaced when its lease has run out, and not before', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.script(answer({ gate }));
  // Its clock stands where this one begins, so that its lease runs from now.
  using child = startCallers({ config: weir.platform.config, calls: 1, atMs: weir.clock.nowMs() });
  await gate.reached();
  await child.kill();

  const [environment, another] = environmentsOf(weir, 2);
  const waiting = [environment, environment, another!].map((each) => each.post('haiku', { topic: 'rain' }));
  await environment.reads.answered(2);
  await another!.reads.answered(1);
  await weir.clock.timersSet(3 + 2);
  await weir.clock.advance(5_999);
  // The looks that came due before the end of the lease.
  await environment.reads.answered(3);
  await another!.reads.answered(2);
  await weir.clock.timersSet(3 + 2);
  expect(upstream.requests).toHaveLength(1);

  const second = new Gate();
  upstream.otherwise(answer({ gate: second }));
  await weir.clock.advance(500);
  await second.reached();
  await weir.clock.timersSet(3 + 1 + 1);
  second.open();
  await Promise.race(waiting);
  await weir.clock.advance(500);
  expect(cachesOf(await Promise.all(waiting))).toEqual(['200 hit', '200 hit', '200 miss']);
  expect(upstream.requests).toHaveLength(2);
  gate.open();
});
