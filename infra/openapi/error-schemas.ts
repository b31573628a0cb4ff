/** OpenAI's `error` object, as the compatible routes tell theirs. */
const ERROR = {
  type: 'object',
  required: ['message', 'type', 'param', 'code'],
  properties: {
    message: { type: 'string' },
    type: { type: 'string' },
    param: { type: ['string', 'null'] },
    code: { type: ['string', 'null'] },
    details: {
      type: 'object',
      description: 'What Weir knows beside: limits, when a budget begins anew, every field at fault.',
    },
  },
};

/** An error on the compatible routes. */
export const OPENAI_ERROR_SCHEMA = {
  type: 'object',
  description: 'An error as OpenAI tells it.',
  required: ['error'],
  properties: { error: ERROR },
};

/** An error on every other route, and of the gateway itself. */
export const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'RFC 9457 problem details.',
  required: ['type', 'title', 'status', 'code', 'detail', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'message'],
        properties: { field: { type: 'string' }, message: { type: 'string' } },
      },
    },
    error: { ...ERROR, description: 'The same as OpenAI tells it, where the gateway answered and no function.' },
  },
};
