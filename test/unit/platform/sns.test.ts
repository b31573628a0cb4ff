import { expect, test } from 'vitest';
import { createSignedService, type SignedServiceOptions } from '#platform/aws/signed-service.ts';
import { createSns } from '#platform/aws/sns.ts';
import { parseConfig } from '#platform/config.ts';
import { createPlatform } from '#platform/platform.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { signatureOf, startStepServer, type Seen, type Step } from './step-server.ts';

const topicArn = 'arn:aws:sns:eu-central-1:123456789012:weir-notices';
const notice = { topicArn, subject: '80 % of a budget', message: 'endpoint:summarize has spent 80 % of $50.' };

/** The replies of https://docs.aws.amazon.com/sns/latest/api/API_Publish.html. */
const published: Step = [
  200,
  `<PublishResponse xmlns="https://sns.amazonaws.com/doc/2010-03-31/">
    <PublishResult><MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult>
    <ResponseMetadata><RequestId>d74b8436-ae13-5ab4-a9ff-ce54dfea72a0</RequestId></ResponseMetadata>
  </PublishResponse>`,
];
const refused = (code: string, status: number, message = 'why'): Step => [
  status,
  `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
    <Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>
    <RequestId>9dd01905-5012-5f99-8663-4b3ecd0dfaef</RequestId>
  </ErrorResponse>`,
];

/** SNS that does one step a request, the last one for ever, and a client of it. */
async function start(steps: readonly Step[], options: Partial<SignedServiceOptions> = {}) {
  const { endpoint, seen } = await startStepServer(steps);
  const send = createSignedService({
    service: 'sns',
    region: 'eu-central-1',
    endpoint,
    credentials: { accessKeyId: 'an-id', secretAccessKey: 'a-secret' },
    clock: new FakeClock(),
    random: () => 0,
    ...options,
  });
  return { sns: createSns(send), seen };
}

function formOf({ body }: Seen): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(body));
}

test('a notice is one signed form, and its id is told', async () => {
  const { sns, seen } = await start([published]);
  const message = 'Spent: 100 % & more + “ä€😀”\n<a>=1;';

  expect(await sns.publish({ ...notice, message })).toBe('567910cd-659e-55d4-8ccb-5aaf14679dc0');

  expect(seen).toHaveLength(1);
  const [request] = seen as readonly [Seen];
  expect(request).toMatchObject({
    method: 'POST',
    path: '/',
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      authorization: expect.stringMatching(/Credential=an-id\/\d{8}\/eu-central-1\/sns\/aws4_request, /),
    },
  });
  expect(formOf(request)).toEqual({
    Action: 'Publish',
    Version: '2010-03-31',
    TopicArn: topicArn,
    Subject: '80 % of a budget',
    Message: message,
  });
  expect(request.headers.authorization).toContain(`Signature=${signatureOf(request, 'a-secret')}`);
});

test.each([
  ['x'.repeat(99), 'x'.repeat(99)],
  [`caller:${'x'.repeat(200)}`, `caller:${'x'.repeat(89)}...`],
  ['Ausgaben für „ä“ 😀', 'Ausgaben f?r ??? ?'],
  [' two\r\nlines\tand\u0007a bell ', 'two lines and?a bell'],
  [' ', undefined],
])('the subject %j becomes a line that SNS takes', async (subject, taken) => {
  const { sns, seen } = await start([published]);
  await sns.publish({ ...notice, subject });
  expect(formOf(seen[0]!)['Subject']).toBe(taken);
});

test.each<[string, Step]>([
  ['a throttle', refused('Throttling', 400)],
  ['a throttle by another name', refused('ThrottlingException', 400)],
  ['a 429, whatever its code', refused('TooManyRequests', 429)],
  ['a throttle by a third name', refused('Throttled', 400)],
  ['an error of SNS’s own', refused('InternalError', 500)],
  ['503 with a page', [503, '<html>']],
  ['a reset connection', 'reset'],
  ['a cut reply', 'half'],
  ['200 from something that is not SNS', [200, '<html><title>Welcome</title></html>']],
])('after %s it tries again, three times in all', async (_what, step) => {
  const healed = await start([step, step, published]);
  expect(await healed.sns.publish(notice)).toMatch(/^567910cd/);
  expect(healed.seen).toHaveLength(3);
  expect(new Set(healed.seen.map(({ body }) => body)).size).toBe(1);

  const broken = await start([step]);
  await expect(broken.sns.publish(notice)).rejects.toThrow();
  expect(broken.seen).toHaveLength(3);
});

test('it waits at random before it tries again', async () => {
  const clock = new FakeClock();
  const { sns, seen } = await start([refused('Throttling', 400), published], { clock, random: () => 0.5 });
  const id = sns.publish(notice);
  await clock.timersSet(1);
  await clock.advance(24);
  expect([seen.length, clock.pending]).toEqual([1, 1]);
  await clock.advance(1);
  expect(await id).toMatch(/^567910cd/);
});

test.each([
  ['NotFound', 404],
  ['AuthorizationError', 403],
  ['InvalidParameter', 400],
  ['InvalidClientTokenId', 403],
])('%s is final, and told by its code', async (name, status) => {
  const { sns, seen } = await start([refused(name, status, 'No &quot;topic&quot; &lt;a&gt; &amp;amp; b')]);
  await expect(sns.publish(notice)).rejects.toMatchObject({ name, status, message: 'No "topic" <a> &amp; b' });
  expect(seen).toHaveLength(1);
});

test('a refusal without XML has its status, and no part of the body', async () => {
  const { sns, seen } = await start([[403, '{"message":"Forbidden"}']]);
  await expect(sns.publish(notice)).rejects.toMatchObject({
    name: 'UnknownError',
    status: 403,
    message: 'the service answered 403 without an error in XML',
  });
  expect(seen).toHaveLength(1);
});

test('the platform’s SNS is where the environment says', async () => {
  const { endpoint, seen } = await startStepServer([published]);
  const config = parseConfig({ AWS_ENDPOINT_URL_SNS: endpoint, AWS_ACCESS_KEY_ID: 'i', AWS_SECRET_ACCESS_KEY: 's' });
  const { sns } = createPlatform({ config, redact: (text) => text });

  await sns.publish(notice);

  expect(seen.map(formOf)).toMatchObject([{ Action: 'Publish', TopicArn: topicArn }]);
});
