import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { problem } from './budget-server.ts';
import { serveJson, type Answered, type Received } from './loopback-server.ts';
import { outputsWith, runWeir } from './run-weir.ts';

/** The command line of somebody whose API answers like this. */
async function against(answer: (request: Received) => Answered | undefined) {
  const server = await serveJson(answer);
  const folder = await mkdtemp(join(tmpdir(), 'weir-audit-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'outputs.json');
  await writeFile(file, JSON.stringify(outputsWith({ apiUrl: server.url })));
  const audit = (...args: string[]) =>
    runWeir(['audit', ...args, '--outputs', file], { env: { WEIR_ADMIN_KEY: 'an-administrator' } });
  return { server, audit };
}

const entry = (id: string, details: object = {}) => ({
  at: '2026-11-22T12:00:00.123Z',
  by: 'arn:aws:iam::111122223333:user/ada',
  action: 'caller.change',
  subject: `caller:${id}`,
  details,
  requestId: 'request-1',
  outcome: 'done',
});

const PARTS: Readonly<Record<string, object>> = {
  '': { entries: [entry('shop', { disabled: true }), entry('till')], next: 'a-place' },
  'a-place': { entries: [entry('kiosk', { owner: 'x\u009B2J\u202E', name: 'n'.repeat(200) })], next: 'another' },
  another: { entries: [] },
};
const inParts = ({ query }: Received): Answered => ({
  status: 200,
  body: PARTS[new URLSearchParams(query).get('next') ?? ''],
});

test('the whole trail is one table, however many parts it comes in', async () => {
  const { server, audit } = await against(inParts);
  const { code, stdout, stderr } = await audit('--from', '2026-11-21', '--to', '2026-11-22');
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^at \(UTC\) +by +action +of +outcome +details$/);
  expect(lines[1]).toMatch(
    /^2026-11-22 12:00:00 +arn:aws:iam::111122223333:user\/ada +caller\.change +caller:shop +done +\{"disabled":true\}$/,
  );
  expect(lines).toHaveLength(4);
  // Names are anybody's words, and may be long.
  expect(lines[3]).toContain('x?2J?');
  expect(lines[3]).toMatch(/ …$/);
  expect(server.requests.map(({ path, query, key }) => [path, query, key])).toEqual(
    ['', '&next=a-place', '&next=another'].map((next) => [
      '/v1/audit',
      `from=2026-11-21&to=2026-11-22&limit=1000${next}`,
      'an-administrator',
    ]),
  );
});

test('--json is every entry on a line of its own, whole', async () => {
  const { audit } = await against(inParts);
  const { code, stdout } = await audit('--json', '--to', '2026-11-22');
  const entries = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect([code, entries]).toEqual([
    0,
    Object.values(PARTS).flatMap((part) => (part as { entries: unknown[] }).entries),
  ]);
});

test('what the API says is one line, also behind the first part', async () => {
  const { audit } = await against((request) =>
    request.query.includes('next') ? problem(503, 'unavailable', 'not now') : inParts(request),
  );
  const { code, stdout, stderr } = await audit();
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^weir: audit: 503 unavailable: not now \(request id .+\)\n$/);
});

test.each([
  ['--from', 'soon'],
  ['--to', '2026-13-01'],
  ['--from', '2026-11-01T00:00:00Z'],
])('weir audit %s %s is refused before anything is asked', async (flag, value) => {
  const { server, audit } = await against(inParts);
  const { code, stderr } = await audit(flag, value);
  expect([code, server.requests]).toEqual([2, []]);
  expect(stderr).toContain('It must be a day such as 2026-11-30.');
});
