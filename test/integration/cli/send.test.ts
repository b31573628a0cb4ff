import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { formatUsd, parseUsd } from '#platform/money.ts';
import { startLocalGateway } from '#test/support/local-gateway.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { startWeir } from '#test/support/weir.ts';
import { goodResult, openQueueBoard, type QueueBoard } from './queue-board.ts';
import { outputsWith, runWeir } from './run-weir.ts';

const jsonl = (...lines: unknown[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
const parsed = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** Answers the next lines of the queue, last one first, so that nothing comes in order by itself. */
async function answerBackwards(board: QueueBoard, count: number, costUsd?: string) {
  for (const line of (await board.take(count)).toReversed()) await board.reply(goodResult(line, costUsd));
}

test('every line becomes a message, its result a JSON line, and the money adds up exactly', async () => {
  await using board = await openQueueBoard();
  const inputs = Array.from({ length: 23 }, (_, index) => ({ text: `text ${index + 1}` }));
  const file = await board.file('texts.jsonl', jsonl(...inputs));

  const [ran] = await Promise.all([board.send([file]), answerBackwards(board, 23, '0.1')]);

  expect(ran.stderr).toContain('echo: sent 23/23, done 23, failed 0, cost $2.3\n');
  expect(ran.code).toBe(0);
  const results = parsed(ran.stdout);
  expect(results.map((result) => result['line'])).toEqual(inputs.map((_, index) => 23 - index));
  for (const { line, id, ok, output } of results) {
    expect([ok, output]).toEqual([true, { echo: { text: `text ${line as number}` } }]);
    expect(id).toMatch(new RegExp(`^[0-9a-f]{12}-${line as number}$`));
  }
  expect(await board.counts(board.resultsUrl)).toEqual({ visible: 0, inFlight: 0 });
});

test('a line may bring its own id, and blank lines, a byte order mark and any script are no trouble', async () => {
  await using board = await openQueueBoard();
  const lines = [
    '',
    JSON.stringify({ id: 'mine', input: { text: 'Grüße 👋 \uFFFF' } }),
    '  ',
    '{"input":"own field","model":"m"}',
  ];
  const file = await board.file('texts.jsonl', `\uFEFF${lines.join('\r\n')}`);

  const [ran, [own, bare]] = await Promise.all([
    board.send([file]),
    board.take(2).then(async (queued) => {
      for (const { id } of queued) await board.reply(goodResult({ id, input: null }));
      return queued;
    }),
  ]);

  expect(ran.code).toBe(0);
  expect(own).toEqual({ id: 'mine', input: { text: 'Grüße 👋 \uFFFF' } });
  expect(bare).toEqual({ id: expect.stringMatching(/-4$/) as string, input: { input: 'own field', model: 'm' } });
  expect(parsed(ran.stdout).map(({ line, id }) => [line, id])).toEqual([
    [2, 'mine'],
    [4, bare?.id],
  ]);
});

test('--in-order --out writes a file in the order of the lines, from standard input', async () => {
  await using board = await openQueueBoard();
  const stdin = jsonl(...Array.from({ length: 12 }, (_, index) => ({ n: index })));

  const [ran] = await Promise.all([
    board.send(['-', '--in-order', '--out', board.path('results.jsonl')], { stdin }),
    answerBackwards(board, 12),
  ]);

  expect([ran.code, ran.stdout]).toEqual([0, '']);
  const results = parsed(await readFile(board.path('results.jsonl'), 'utf8'));
  expect(results.map((result) => result['line'])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

test('lines of nearly a mebibyte go in batches that SQS takes', async () => {
  await using board = await openQueueBoard();
  const file = await board.file(
    'large.jsonl',
    jsonl(...['a', 'b', 'c'].map((char) => ({ text: char.repeat(700_000) }))),
  );

  const [ran] = await Promise.all([board.send([file]), answerBackwards(board, 3)]);

  expect([ran.code, parsed(ran.stdout).length]).toEqual([0, 3]);
});

test('results of others lie before ours: they are passed by, and given back', async () => {
  await using board = await openQueueBoard();
  const stale = Array.from({ length: 25 }, (_, index) => goodResult({ id: `stale-${index}`, input: null }));
  for (const result of [...stale, 'no result at all']) await board.reply(result);
  const file = await board.file('texts.jsonl', jsonl({ text: 'one' }, { text: 'two' }));

  const [ran] = await Promise.all([board.send([file]), answerBackwards(board, 2)]);

  expect([ran.code, parsed(ran.stdout).length]).toEqual([0, 2]);
  expect(await board.counts(board.resultsUrl)).toEqual({ visible: 26, inFlight: 0 });
});

test('two runs at once on one results queue each get their own results', async () => {
  await using board = await openQueueBoard();
  const file = await board.file('texts.jsonl', jsonl({ text: 'one' }, { text: 'two' }, { text: 'three' }));

  const [first, second] = await Promise.all([board.send([file]), board.send([file]), answerBackwards(board, 6)]);

  for (const ran of [first, second]) {
    expect(ran.code).toBe(0);
    const results = parsed(ran.stdout);
    expect(new Set(results.map(({ line }) => line))).toEqual(new Set([1, 2, 3]));
    expect(new Set(results.map(({ id }) => (id as string).split('-')[0])).size).toBe(1);
  }
});

test('a result that is delivered twice counts once; one that failed makes the exit code 1', async () => {
  await using board = await openQueueBoard();
  const file = await board.file('texts.jsonl', jsonl({ text: 'good' }, { text: 'bad' }));

  const [ran] = await Promise.all([
    board.send([file]),
    board.take(2).then(async ([good, bad]) => {
      await board.reply(goodResult(good!, '0.5'));
      await board.reply(goodResult(good!, '0.5'));
      return board.reply({ id: bad!.id, endpoint: 'echo', ok: false, code: 'invalid_request', detail: 'text is bad' });
    }),
  ]);

  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain('echo: sent 2/2, done 2, failed 1, cost $0.5\n');
  expect(parsed(ran.stdout)).toMatchObject([
    { line: 1, ok: true, costUsd: '0.5' },
    { line: 2, ok: false, code: 'invalid_request', detail: 'text is bad' },
  ]);
});

test('P1 the real function of summarize answers from its queue, and says why a line failed', async () => {
  await using upstream = await startScriptedUpstream();
  const variables = { WEIR_MAX_RECEIVES: '1' };
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, clock: systemClock, variables });
  const resultsUrl = weir.platform.config.queue.resultUrls['summarize-results']!;
  await using board = await openQueueBoard({
    endpoint: 'summarize',
    existing: { endpoint: weir.queues.endpoint, resultsUrl },
  });
  const texts = Array.from({ length: 11 }, (_, index) => ({ text: `Weir number ${index + 1} holds the river.` }));
  const file = await board.file('texts.jsonl', jsonl(...texts, { text: 'one', sentences: 40 }));

  const [ran] = await Promise.all([
    board.send([file, '--in-order']),
    board.take(12).then((lines) => weir.sqs('summarize', lines)),
  ]);

  const results = parsed(ran.stdout);
  expect([ran.code, results.length, upstream.requests.length]).toEqual([1, 12, 11]);
  const ledger = await weir.ledger();
  expect(new Set(results.slice(0, 11).map(({ callId }) => callId))).toEqual(
    new Set(ledger.map(({ callId }) => callId)),
  );
  expect(results[11]).toMatchObject({ line: 12, ok: false, code: 'invalid_request' });
  expect(results[11]!['detail']).toContain('sentences must be');
  const costUsd = formatUsd(ledger.reduce((sum, { costPico }) => sum + costPico, 0n));
  expect(parseUsd(costUsd)).toBeGreaterThan(0n);
  expect(ran.stderr).toContain(`summarize: sent 12/12, done 12, failed 1, cost $${costUsd}\n`);
});

test('results that were held back are written, also when the queues go away', async () => {
  const board = await openQueueBoard();
  const goAway = async () => {
    const [, second] = await board.take(2);
    await board.reply(goodResult(second!));
    while ((await board.counts(board.resultsUrl)).visible + (await board.counts(board.resultsUrl)).inFlight > 0);
    await board[Symbol.asyncDispose]();
  };

  const sending = board.send(['-', '--in-order'], { stdin: jsonl({ text: 'one' }, { text: 'two' }) });
  const [ran] = await Promise.all([sending, goAway()]);

  expect(parsed(ran.stdout)).toMatchObject([{ line: 2, ok: true }]);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/stopped; still open: line 1 \(.+\)\nweir: the queue http.+: .+\n$/);
});

test('after --timeout the lines that are open are named, and what came is written', async () => {
  await using board = await openQueueBoard();
  const file = await board.file('texts.jsonl', jsonl({ text: 'slow' }, { id: 'quick', input: {} }));

  const [ran] = await Promise.all([
    board.send([file, '--timeout', '3', '--in-order']),
    board.take(2).then(([, quick]) => board.reply(goodResult(quick!))),
  ]);

  expect(ran.code).toBe(1);
  expect(parsed(ran.stdout)).toMatchObject([{ line: 2, id: 'quick', ok: true }]);
  expect(ran.stderr).toMatch(/stopped after 3 s; still open: line 1 \([0-9a-f]{12}-1\)\n$/);
});

test('Ctrl-C ends the wait, tells what is open, and exits with 130', async () => {
  await using board = await openQueueBoard();
  const file = await board.file('texts.jsonl', jsonl({ text: 'one' }, { text: 'two' }));
  const interrupt = new AbortController();

  const [ran] = await Promise.all([
    board.send([file], { interrupt: interrupt.signal }),
    board.take(2).then(() => interrupt.abort()),
  ]);

  expect(ran.code).toBe(130);
  expect(ran.stderr).toMatch(/interrupted; still open: line 1 \(.+\), line 2 \(.+\)\n$/);
});

test('a file with faults is refused whole, line by line, without a word of what it holds', async () => {
  await using board = await openQueueBoard();
  const content = [
    '{"text": "fine"}',
    '{"text": "tender confidence"',
    '["tender"]',
    JSON.stringify({ text: 'x'.repeat(1_048_576) }),
    '{"id": "same", "input": {}}',
    '{"id": "same", "input": {}}',
    '{"id": 7, "input": {}}',
    '{"__proto__": {}}',
  ].join('\n');
  const file = await board.file('texts.jsonl', Buffer.concat([Buffer.from(content), Buffer.from([10, 0xff, 0xfe])]));

  const ran = await board.send([file]);

  expect([ran.code, ran.stdout]).toEqual([2, '']);
  expect(ran.stderr.trim().split('\n')).toHaveLength(1);
  expect(ran.stderr).toContain('line 2 is not valid JSON; line 3 must be a JSON object, but is an array');
  expect(ran.stderr).toMatch(/line 4 makes a message of 10486\d\d bytes, but a queue takes at most 1048576/);
  expect(ran.stderr).toContain('line 6 has the id of line 5');
  expect(ran.stderr).toContain('line 7 must have an id of 1 to 200 characters, but has a number; and 2 more');
  expect(ran.stderr).not.toContain('tender');
  expect(await board.counts(board.queueUrl)).toEqual({ visible: 0, inFlight: 0 });
});

test.each([
  ['a file that is not there', ['nowhere.jsonl'], /nowhere\.jsonl cannot be read: ENOENT/],
  ['an empty file', ['/dev/null'], /\/dev\/null has no line to send/],
  ['a file that cannot be written', ['-', '--out', '/nowhere/at/all'], /\/nowhere\/at\/all cannot be written: ENOENT/],
  [
    'a timeout that is none',
    ['-', '--timeout', 'soon'],
    /'soon' is invalid\. It must be a whole number of seconds from 1/,
  ],
])('%s is one clear line and exit code 2', async (_, args, message) => {
  await using board = await openQueueBoard();

  const ran = await board.send(args, { stdin: '{"text":"one"}\n' });

  expect([ran.code, ran.stdout]).toEqual([2, '']);
  expect(ran.stderr).toMatch(message);
  expect(ran.stderr.trim().split('\n')).toHaveLength(1);
});

test('an endpoint without a queue is refused, and those that have one are named', async () => {
  await using board = await openQueueBoard();
  const { code, stderr } = await runWeir(['send', 'ecko', '-', '--outputs', board.path('outputs.json')], {
    stdin: '{}',
  });

  expect([code, stderr]).toEqual([2, "weir: endpoint must be one of echo, but 'ecko' was provided\n"]);
});

test('of a Weir that runs, exactly the endpoints that have a queue are named, and where none has one that is said', async () => {
  await using gateway = await startLocalGateway();
  await using board = await openQueueBoard();
  const queued = gateway.weir.entries.filter(({ spec }) => spec.kind === 'endpoint' && spec.hasQueue);
  const { queues } = gateway.weir.outputs;
  for (const [file, given, expected] of [
    ['real.json', queues, `endpoint must be one of ${queued.map(({ name }) => name).join(', ')}, but`],
    ['none.json', {}, 'no endpoint of this Weir has a queue'],
  ] as const) {
    const outputs = await board.file(file, JSON.stringify(outputsWith({ queues: given })));
    const ran = await runWeir(['send', 'openai/moderations', '-', '--outputs', outputs], { stdin: '{}' });
    expect([ran.code, ran.stdout]).toEqual([2, '']);
    expect(ran.stderr).toMatch(new RegExp(`^weir: ${expected}.*\n$`));
  }
});

test('a queue that cannot be reached is named in one line, without a stack', async () => {
  await using board = await openQueueBoard();
  const url = 'http://127.0.0.1:9/000000000000/gone';
  const outputs = await board.file(
    'gone.json',
    JSON.stringify(outputsWith({ queues: { echo: { url, resultsUrl: url } } })),
  );

  const { code, stderr } = await runWeir(['send', 'echo', '-', '--outputs', outputs], { stdin: '{}' });

  expect(code).toBe(1);
  const [, open, error, ...rest] = stderr.split('\n');
  expect(open).toMatch(/^stopped; still open: line 1/);
  expect(error).toBe(
    `weir: the queue ${url}: connect ECONNREFUSED 127.0.0.1:9: nothing listens there; is Weir running (npm start)?`,
  );
  expect(rest).toEqual(['']);
});
