import { beforeAll, expect, test } from 'vitest';
import type { Bundle } from '#infra/bundle/bundle-entries.ts';
import { bundleAll, createApp, Deployment, only, type Resource } from './deployment.ts';

let bundles: Bundle[];
let guarded: Deployment;
beforeAll(async () => {
  ({ bundles } = await bundleAll());
  guarded = new Deployment(createApp(bundles, { context: { waf: 'true' } }));
}, 120_000);

const acl = (): Resource => only(guarded.ofType('AWS::WAFv2::WebACL'), 'web ACLs');

/** The rules that count, by the group that they are of. */
function groups(): Record<string, string[]> {
  const rules = acl().Properties['Rules'] as Record<string, Record<string, Record<string, unknown>>>[];
  return Object.fromEntries(
    rules.flatMap(({ Statement: statement, OverrideAction: override }) => {
      const group = statement?.['ManagedRuleGroupStatement'];
      if (!group) return [];
      // Else the whole group would only count.
      expect([group['VendorName'], override]).toEqual(['AWS', { None: {} }]);
      const overrides = (group['RuleActionOverrides'] ?? []) as { Name: string; ActionToUse: object }[];
      for (const { ActionToUse: action } of overrides) expect(action).toEqual({ Count: {} });
      return [[String(group['Name']), overrides.map(({ Name: name }) => name).sort()]];
    }),
  );
}

test('with waf=true a web ACL of AWS’s managed rules stands before the stage', () => {
  expect(acl().Properties).toMatchObject({ Scope: 'REGIONAL', DefaultAction: { Allow: {} } });
  expect(Object.keys(groups()).sort()).toEqual([
    'AWSManagedRulesAmazonIpReputationList',
    'AWSManagedRulesCommonRuleSet',
    'AWSManagedRulesKnownBadInputsRuleSet',
  ]);
  const { stack, Properties } = only(guarded.ofType('AWS::WAFv2::WebACLAssociation'), 'associations');
  expect(guarded.target(stack, Properties['WebACLArn'])).toBe(acl());
  const text = guarded.text(stack, Properties['ResourceArn']);
  expect(text).toBe('arn:aws:apigateway:eu-central-1::/restapis/Gateway/Api/stages/Gateway/Api/DeploymentStage.prod');
});

test('I5 no rule blocks a body: a prompt may hold scripts, paths, URLs and 100 KB of them', () => {
  const counted = Object.values(groups()).flat();
  // All of AWS's rules on bodies, of these groups, as its documentation lists them.
  const onBodies = ['SizeRestrictions', 'CrossSiteScripting', 'EC2MetaDataSSRF', 'GenericLFI', 'GenericRFI'];
  const ofBadInputs = ['JavaDeserializationRCE', 'Log4JRCE', 'ReactJSRCE'];
  expect(counted.filter((name) => name.endsWith('_BODY')).sort()).toEqual(
    [...onBodies, ...ofBadInputs].map((name) => `${name}_BODY`).sort(),
  );
  // Paths, queries and headers are still looked at.
  expect(counted.filter((name) => !name.endsWith('_BODY'))).toEqual(['NoUserAgent_HEADER']);
});

test('one address may send so many requests in five minutes, and no more', () => {
  const rules = acl().Properties['Rules'] as Record<string, unknown>[];
  expect(
    only(
      rules.filter(({ Action }) => Action !== undefined),
      'rules of our own',
    ),
  ).toMatchObject({
    Action: { Block: {} },
    Statement: { RateBasedStatement: { AggregateKeyType: 'IP', EvaluationWindowSec: 300, Limit: 30_000 } },
  });
  expect(new Set(rules.map(({ Priority }) => Priority)).size).toBe(rules.length);
});

test('D1 no request is kept as a sample, whose headers hold a key', () => {
  const { Rules: rules, VisibilityConfig: config } = acl().Properties;
  const configs = [config, ...(rules as { VisibilityConfig: object }[]).map((rule) => rule.VisibilityConfig)];
  for (const each of configs)
    expect(each).toMatchObject({ SampledRequestsEnabled: false, CloudWatchMetricsEnabled: true });
});

test('without it there is none, and what it would cost nobody pays', () => {
  for (const context of [{}, { waf: 'false' }, { waf: false }]) {
    const plain = new Deployment(createApp(bundles, { context }));
    expect(plain.resources.filter(({ Type }) => Type.startsWith('AWS::WAFv2'))).toEqual([]);
  }
  expect(() => createApp(bundles, { context: { waf: 'yes' } })).toThrow(
    "waf must be true or false, but 'yes' was provided",
  );
});
