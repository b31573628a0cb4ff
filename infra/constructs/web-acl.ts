import type { Stage } from 'aws-cdk-lib/aws-apigateway';
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';

export interface WebAclProps {
  /** The stage of the REST API before which it stands. */
  readonly stage: Stage;
  /** Requests that one address may send in five minutes. @default 30,000: half of what the whole API takes */
  readonly requestsPerAddress?: number;
}

/**
 * Rules that only count what they find, by group: they look for attacks in bodies, and a body here is what a model is asked. A text on
 * cross-site scripting, a question about `/etc/passwd`, a page's HTML or the URL of a picture is no attack on a function that hands it on
 * as text; and prompts are longer than 8 KB. The same rules still block where they look at headers, paths and queries.
 */
const COUNTED: Readonly<Record<string, readonly string[]>> = {
  AWSManagedRulesAmazonIpReputationList: [],
  AWSManagedRulesKnownBadInputsRuleSet: ['JavaDeserializationRCE_BODY', 'Log4JRCE_BODY', 'ReactJSRCE_BODY'],
  AWSManagedRulesCommonRuleSet: [
    'SizeRestrictions_BODY',
    'CrossSiteScripting_BODY',
    'EC2MetaDataSSRF_BODY',
    'GenericLFI_BODY',
    'GenericRFI_BODY',
    // Programs call here, and not all of them say what they are.
    'NoUserAgent_HEADER',
  ],
};

/** AWS WAF before the API: AWS's own rules for what is known to be bad, and a limit for each address. What it blocks is a 403. */
export class WebAcl extends Construct {
  readonly association: CfnWebACLAssociation;

  constructor(scope: Construct, id: string, { stage, requestsPerAddress = 30_000 }: WebAclProps) {
    super(scope, id);
    const acl = new CfnWebACL(this, 'Acl', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: seenAs('weir'),
      rules: [rateRule(requestsPerAddress), ...Object.entries(COUNTED).map(groupRule)],
    });
    const resourceArn = stage.stageArn;
    this.association = new CfnWebACLAssociation(this, 'Association', { webAclArn: acl.attrArn, resourceArn });
  }
}

function rateRule(limit: number): CfnWebACL.RuleProperty {
  return {
    name: 'RequestsPerAddress',
    priority: 0,
    action: { block: {} },
    statement: { rateBasedStatement: { limit, evaluationWindowSec: 300, aggregateKeyType: 'IP' } },
    visibilityConfig: seenAs('RequestsPerAddress'),
  };
}

function groupRule([name, counted]: [string, readonly string[]], index: number): CfnWebACL.RuleProperty {
  return {
    name,
    priority: index + 1,
    // As each rule says, but for those that count.
    overrideAction: { none: {} },
    statement: {
      managedRuleGroupStatement: {
        vendorName: 'AWS',
        name,
        ruleActionOverrides: counted.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
      },
    },
    visibilityConfig: seenAs(name),
  };
}

/** Counted in CloudWatch, but no request is kept as a sample: its headers hold the caller's key. */
function seenAs(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { cloudWatchMetricsEnabled: true, sampledRequestsEnabled: false, metricName };
}
