import aws4 from 'aws4';
import type { WeirOutputs } from '#infra/outputs.ts';
import type { Administrator } from './administrator.ts';
import { createAwsClients } from './aws-clients.ts';
import { about } from './failure.ts';

/**
 * Signs requests to a deployed API (SigV4, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html), with the credentials that
 * the AWS CLI would take: the SDK's own clients look for them.
 */
export function createSigner(outputs: WeirOutputs): Administrator {
  const policy = outputs.administratorsPolicy ?? 'for administrators of this deployment';
  return {
    advice: `attach the policy ${policy} to the IAM role or user that you are (aws sts get-caller-identity)`,
    async prove({ method, url, body }) {
      using aws = createAwsClients(outputs);
      const credentials = await about('AWS credentials', aws.dynamodb.config.credentials());
      const { headers } = aws4.sign(
        {
          service: 'execute-api',
          region: outputs.region,
          host: url.host,
          path: url.pathname + url.search,
          method,
          // Else the body would be signed as a form.
          headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
          body: body ?? '',
        },
        credentials,
      );
      // `fetch` sets both itself, to the same.
      const proof = Object.entries(headers).filter(([name]) => name !== 'Host' && name !== 'Content-Length');
      return Object.fromEntries(proof.map(([name, value]) => [name.toLowerCase(), String(value)]));
    },
  };
}
