type Schema = { readonly required?: readonly string[]; readonly properties?: Readonly<Record<string, unknown>> };

/** What of a route of OpenAI's is told here; the rest, which grows by itself, is in OpenAI's reference. */
interface Known {
  readonly page: string;
  /** Of a JSON object: the fields without which there is no request. */
  readonly request: Schema;
  /** The same of a reply. */
  readonly reply: Schema;
}

const REFERENCE = 'https://platform.openai.com/docs/api-reference';

const MODEL = { type: 'string', description: 'Where it is left out, the default of the caller’s policy.' };
const STREAM = { type: 'boolean', default: false };
const LIST = { type: 'array' };

/** By the end of a route's path. */
const ROUTES: Readonly<Record<string, Known>> = {
  '/chat/completions': {
    page: '/chat/create',
    request: { required: ['messages'], properties: { model: MODEL, messages: LIST, stream: STREAM } },
    reply: { required: ['id', 'object', 'choices'], properties: { choices: LIST } },
  },
  '/responses': {
    page: '/responses/create',
    request: { properties: { model: MODEL, input: {}, stream: STREAM } },
    reply: { required: ['id', 'object', 'output'], properties: { output: LIST } },
  },
  '/embeddings': {
    page: '/embeddings/create',
    request: { required: ['input'], properties: { model: MODEL, input: {} } },
    reply: { required: ['object', 'data'], properties: { data: LIST } },
  },
  '/moderations': {
    page: '/moderations/create',
    request: { required: ['input'], properties: { model: MODEL, input: {} } },
    reply: { required: ['results'], properties: { results: LIST } },
  },
  '/models': { page: '/models/list', request: {}, reply: {} },
};

/** What is known of a compatible route, by its path. One that is not known here is found from the reference's front page. */
export function knownOf(path: string): Known {
  return Object.entries(ROUTES).find(([end]) => path.endsWith(end))?.[1] ?? { page: '', request: {}, reply: {} };
}

/** OpenAI's own reference of a route. */
export function referenceOf(path: string): { readonly description: string; readonly url: string } {
  return { description: 'OpenAI’s reference', url: `${REFERENCE}${knownOf(path).page}` };
}
