import { expect } from 'vitest';
import type { ErrorForm } from '#edge/specs.ts';
import type { FieldFault } from '#platform/errors.ts';
import type { GatewayReply } from './local-gateway.ts';

/** What a refused caller is told, whatever form the route's errors have. */
export interface Refusal {
  readonly status: number;
  readonly code: unknown;
  readonly message: unknown;
  /** Every field at fault. */
  readonly errors: readonly FieldFault[] | undefined;
  /** What else is told: limits and sizes. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** A refusal by the function itself, which is whole and in the form of its route, or the test fails. */
export function refusalOf(form: ErrorForm, reply: GatewayReply): Refusal {
  return form === 'openai' ? openAiRefusal(reply) : problemRefusal(reply);
}

/** A refusal by the gateway, before any function: on every route a problem that also tells what OpenAI's SDKs look for. */
export function gatewayRefusalOf(reply: GatewayReply): Refusal {
  const { code, message } = problemRefusal(reply);
  const type = reply.status < 500 ? 'invalid_request_error' : 'server_error';
  expect(reply.json['error']).toEqual({ message, type, param: null, code });
  return problemRefusal(reply);
}

function problemRefusal({ status, headers, json, text }: GatewayReply): Refusal {
  const { type, title, status: told, code, detail, requestId, errors, ...details } = json;
  expect([headers['content-type'], told, requestId], text).toEqual([
    'application/problem+json',
    status,
    headers['x-request-id'],
  ]);
  expect([type, title]).toEqual([urn(String(code)), String(code).replaceAll('_', ' ')]);
  return { status, code, message: detail, errors: errors as FieldFault[] | undefined, details };
}

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'budget_exceeded',
  403: 'permission_error',
  409: 'conflict_error',
  429: 'rate_limit_error',
};

function openAiRefusal({ status, headers, json, text }: GatewayReply): Refusal {
  expect([headers['content-type'], Object.keys(json)], text).toEqual(['application/json', ['error']]);
  const { message, type, param, code, details: all = {}, ...others } = json['error'] as Record<string, unknown>;
  const { errors, ...details } = all as { errors?: FieldFault[] } & Record<string, unknown>;
  const field = errors?.[0]?.field ?? null;
  expect([type, param, others], text).toEqual([
    TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error'),
    field === 'body' ? null : field,
    {},
  ]);
  return { status, code, message, errors, details };
}

function urn(code: string): string {
  return `urn:weir:problem:${code.replaceAll('_', '-')}`;
}
