import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLog } from '#platform/log.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { testKey } from '#test/support/test-key.ts';
import { createKeyRing } from '#upstream/key-ring.ts';
import { storedKeySource } from '#upstream/stored-key.ts';

/** A secret that the test sets, and that counts how often it was read. */
function ringOver(value: string, random = 0.5) {
  const clock = new FakeClock();
  const lines: string[] = [];
  const secret = { value, version: 1, reads: 0, fault: undefined as Error | undefined };
  const ring = createKeyRing({
    clock,
    random: () => random,
    log: createLog({ redact: (text) => text, write: (line) => void lines.push(line), nowMs: () => clock.nowMs() }),
    source: storedKeySource(
      {
        async currentValue() {
          secret.reads++;
          if (secret.fault) throw secret.fault;
          return { versionId: `v${secret.version}`, value: secret.value };
        },
      },
      'weir/openai',
    ),
  });
  const rotate = (next: string) => Object.assign(secret, { value: next, version: secret.version + 1 });
  return { ring, clock, lines, secret, rotate };
}

test('K2 a key is fresh for five minutes, give or take a tenth', async () => {
  await fc.assert(
    fc.asyncProperty(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), async (random) => {
      const { ring, clock, secret } = ringOver(testKey('a'), random);
      await ring.current();
      await clock.advance(269_999);
      await ring.current();
      expect(secret.reads).toBe(1);
      await clock.advance(60_001);
      await ring.current();
      expect(secret.reads).toBe(2);
    }),
  );
});

test('K3 refusals at the same time share one read, and all hear of the new key', async () => {
  const { ring, secret, rotate } = ringOver(testKey('a'));
  const { version } = await ring.current();
  rotate(testKey('b'));
  const worth = await Promise.all(Array.from({ length: 50 }, () => ring.refused(version)));
  expect(worth).toEqual(Array(50).fill(true));
  expect(secret.reads).toBe(2);
  expect(await ring.refused(version)).toBe(true);
  expect((await ring.current()).value).toBe(testKey('b'));
  expect(secret.reads).toBe(2);
});

test('K3 a key that is the same after a re-read is worth one try, and no further read for 30 s', async () => {
  const { ring, clock, secret } = ringOver(testKey('a'));
  const { version } = await ring.current();
  expect([await ring.refused(version), await ring.refused(version)]).toEqual([true, false]);
  await clock.advance(29_999);
  expect([await ring.refused(version), secret.reads]).toEqual([false, 2]);
  await clock.advance(1);
  expect([await ring.refused(version), secret.reads]).toEqual([true, 3]);
});

test('K3 a refused key that cannot be read again is not worth a try', async () => {
  const { ring, secret } = ringOver(testKey('a'));
  const { version } = await ring.current();
  secret.fault = new Error('down');
  expect(await ring.refused(version)).toBe(false);
  expect((await ring.current()).value).toBe(testKey('a'));
});

test('K8 any white space around a key is dropped, and no key holds any', async () => {
  const space = fc.stringMatching(/^[ \t\r\n]{0,4}$/);
  await fc.assert(
    fc.asyncProperty(space, space, async (before, after) => {
      const { ring } = ringOver(before + testKey('a') + after);
      expect((await ring.current()).value).toBe(testKey('a'));
    }),
  );
});

test('K8 a secret that is no key is refused without a trace of its value, in the error and in the log', async () => {
  const inner = fc.constantFrom('\n', '\r\n', ' ', '\t', '\0', 'é', '\u200b');
  await fc.assert(
    fc.asyncProperty(inner, async (spoil) => {
      const [head, tail] = [testKey('a').slice(0, 20), testKey('a').slice(20)];
      const { ring, lines } = ringOver(head + spoil + tail);
      const error = await ring.current().then(
        () => undefined,
        (thrown: unknown) => thrown as Error,
      );
      expect(error).toMatchObject({ code: 'configuration' });
      const seen = JSON.stringify([lines, error?.message, error?.stack, error?.cause]);
      expect(seen).not.toContain(head);
      expect(seen).not.toContain(tail);
    }),
  );
});

test('K2 a key with an end is read again before it, whatever its life, and never served after it', async () => {
  const lives = fc.integer({ min: 2_000, max: 7 * 86_400_000 });
  const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  await fc.assert(
    fc.asyncProperty(lives, randoms, fc.boolean(), async (lifeMs, random, isDown) => {
      const clock = new FakeClock();
      let reads = 0;
      const ring = createKeyRing({
        clock,
        random: () => random,
        log: createLog({ redact: (text) => text, write: () => {}, nowMs: () => clock.nowMs() }),
        source: {
          id: 'a source',
          async read() {
            reads++;
            if (isDown && reads > 1) throw new Error('down');
            return { value: testKey('a'), version: `v${reads}`, expiresAtMs: clock.nowMs() + lifeMs };
          },
        },
      });
      await ring.current();
      const earlyMs = Math.min(20 * 60_000, lifeMs / 2);
      await clock.advance(Math.floor(lifeMs - 1.1 * earlyMs) - 1);
      await ring.current();
      expect(reads).toBe(1);
      await clock.advance(Math.ceil(0.2 * earlyMs) + 2);
      expect((await ring.current()).version).toBe(isDown ? 'v1' : 'v2');
      expect(reads).toBe(2);
      if (!isDown) return;
      await clock.advance(lifeMs);
      await expect(ring.current()).rejects.toMatchObject({ code: 'key_unavailable' });
    }),
  );
});
