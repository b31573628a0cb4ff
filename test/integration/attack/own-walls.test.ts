import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpReply } from '#edge/http-call.ts';
import { awsError } from '#test/support/fault-proxy.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';
import { ROLES, type Role } from '#platform/principal.ts';
import { eventOf, type Said } from './events.ts';
import { leaksIn } from './leaks.ts';
import { tried } from './rows.ts';
import { allTargets, type Target } from './targets.ts';

/** The functions without a gateway before them, or behind one whose policy has a wrong line. */
const targets = await allTargets();

let upstream: ScriptedUpstream;
let weir: Weir;
beforeAll(async () => {
  upstream = await startScriptedUpstream();
  weir = await startWeir({ baseUrl: upstream.baseUrl });
});
afterAll(async () => {
  await weir[Symbol.asyncDispose]();
  await upstream.stop();
});

async function ask(target: Target, authorizer: Said | null): Promise<{ status: number; text: string }> {
  const reply = (await weir.invoke(
    target.name,
    eventOf(target, authorizer, { nowMs: weir.clock.nowMs() }),
  )) as HttpReply;
  return { status: reply.statusCode, text: `${reply.body}\n${JSON.stringify(reply.headers)}` };
}

/** One role that opens a target, or any where it is public. */
const opens = ({ access }: Target): Said => ({ callerId: 'ada', roles: access[0] ?? 'caller' });

describe.each(tried('A4', targets))('%s', (_name, target) => {
  test('A4 the function itself lets in no role but its own, whatever the gateway has let pass', async () => {
    const asked = weir.dynamoDb.requests.length;
    const strangers = ROLES.filter((role: Role) => !target.access.includes(role));
    for (const roles of [...strangers, strangers.join(','), 'root', '', `${target.access[0]!} `]) {
      expect([roles, (await ask(target, { callerId: 'ada', roles })).status]).toEqual([roles, 403]);
    }
    expect((await ask(target, null)).status).toBe(401);
    expect((await ask(target, { callerId: undefined as unknown as string, roles: target.access[0]! })).status).toBe(
      401,
    );
    expect([weir.dynamoDb.requests.length - asked, upstream.requests.length]).toEqual([0, 0]);
  });
});

/** As AWS tells of a role that may not: with names that are nobody's business. */
const denied = awsError('AccessDeniedException', {
  status: 400,
  message:
    'User: arn:aws:sts::123456789012:assumed-role/weir-summarize/weir is not authorized to perform: dynamodb:GetItem on ' +
    'resource: arn:aws:dynamodb:eu-central-1:123456789012:table/weir-budgets\n    at Client.send (/var/task/index.js:1:2)',
});

describe.each(tried('A6', targets))('%s', (_name, target) => {
  test('A6 when no table answers, its reply tells of no role, table or stack, and nothing is asked upstream', async () => {
    const asked = upstream.requests.length;
    weir.dynamoDb.rules.push({ fault: denied });
    const { status, text } = await ask(target, opens(target)).finally(() => weir.dynamoDb.rules.splice(0));
    expect([status, status < 300 ? [] : leaksIn(text, {})]).toEqual([status, []]);
    expect(text).not.toMatch(/arn:aws|123456789012|\/var\/task|not authorized/);
    expect(upstream.requests.length - asked).toBe(0);
  });
});
