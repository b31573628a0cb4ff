import type { HttpReply } from './http-transport.ts';
import { AwsServiceError, type Operation } from './signed-service.ts';

export interface QueryOptions {
  readonly action: string;
  readonly version: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** The element of the reply whose text is wanted. */
  readonly element: string;
}

/**
 * An operation of the Query protocol (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html), which the services that speak no
 * JSON have: a form goes out, XML comes back.
 */
export function queryOperation({ action, version, parameters, element }: QueryOptions): Operation<string> {
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: new URLSearchParams({ Action: action, Version: version, ...parameters }).toString(),
    read: (body) => {
      const text = textOf(element, body);
      if (text === undefined) throw new TypeError(`the service answered 200 without a ${element}`);
      return text;
    },
    readError: asServiceError,
  };
}

function asServiceError({ status, body }: HttpReply): AwsServiceError {
  const name = textOf('Code', body);
  if (name === undefined) {
    return new AwsServiceError('UnknownError', status, `the service answered ${status} without an error in XML`);
  }
  return new AwsServiceError(name, status, textOf('Message', body) ?? '');
}

/** The text of the first element of this name. The replies in use nest no element of one name in another. */
function textOf(element: string, xml: string): string | undefined {
  const escaped = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
  return escaped?.replaceAll(/&(lt|gt|quot|apos|amp);/g, (_, name: keyof typeof ENTITIES) => ENTITIES[name]);
}

const ENTITIES = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
