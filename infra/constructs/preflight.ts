import { Validations } from 'aws-cdk-lib';
import {
  AuthorizationType,
  ContentHandling,
  MockIntegration,
  type IResource,
  type Method,
} from 'aws-cdk-lib/aws-apigateway';
import { preflightHeaders } from '../cors-preflight.ts';

const STATUS = '204';

/**
 * Has API Gateway answer browsers that ask what a page may send to a resource: by itself, without a key, for a preflight bears none.
 * CDK's own preflight would answer 500: every body is binary here, and a template reads text.
 *
 * @param methods those that the resource has
 */
export function answerPreflights(resource: IResource, methods: readonly string[], origin: string): Method {
  const headers = Object.entries(preflightHeaders(origin, methods));
  const integration = new MockIntegration({
    contentHandling: ContentHandling.CONVERT_TO_TEXT,
    requestTemplates: { 'application/json': `{ "statusCode": ${STATUS} }` },
    integrationResponses: [
      {
        statusCode: STATUS,
        responseParameters: Object.fromEntries(headers.map(([name, value]) => [HEADER + name, `'${value}'`])),
      },
    ],
  });
  const method = resource.addMethod('OPTIONS', integration, {
    authorizationType: AuthorizationType.NONE,
    methodResponses: [
      { statusCode: STATUS, responseParameters: Object.fromEntries(headers.map(([name]) => [HEADER + name, true])) },
    ],
  });
  const reason = 'A preflight bears no proof of anybody; API Gateway answers it by itself, the same to all.';
  Validations.of(method).acknowledge({ id: 'AwsSolutions-APIG4', reason }, { id: 'AwsSolutions-COG4', reason });
  return method;
}

const HEADER = 'method.response.header.';
