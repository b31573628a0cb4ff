import { send, type Step } from '#test/support/scripted-exchange.ts';

/** A model with a price. */
export const model = 'gpt-6-luna';

/** A request, and what the upstream is to do with it. */
export interface Case {
  readonly name: string;
  readonly path: 'chat/completions' | 'responses' | 'embeddings' | 'moderations';
  /** Without the model. A text goes as it stands. */
  readonly body: object | string;
  readonly step: Step;
  /** What Weir changes in the body, beside what it puts into every one of that API. */
  readonly bounds?: object;
  /** The plain reply tells the output limit, which the caller had not given. */
  readonly tellsLimit?: true;
  /** Unknown members stand behind the `"usage":null` that Weir had asked for: it cannot tell whose it is, and leaves it. */
  readonly tellsNoUsage?: true;
}

/** What is said in both APIs. */
export const question = 'What is the level of the Isar?';

/** The arguments of a tool. */
export const parameters = {
  type: 'object',
  properties: { river: { type: 'string' } },
  required: ['river'],
  additionalProperties: false,
};

/** The calls that a model makes, one written as no JSON printer writes. */
export const toolCalls = [
  { name: 'read_level', arguments: '{"river": "Isar"}' },
  { name: 'read_level', arguments: { river: 'Wörth 豆腐 🙂' } },
];

/** The form of an answer. */
export const schema = {
  type: 'object',
  properties: { level: { type: 'integer' } },
  required: ['level'],
  additionalProperties: false,
};

/** A picture. */
export const picture = `data:image/png;base64,${Buffer.from('a heron').toString('base64')}`;

/** Pieces with characters of one to four bytes, and such as JSON escapes. */
export const unicode = ['zwölf €', ' 豆腐 🙂', '\u2028\u0000\ud83d\ude42 "quoted" \\ \n'];

/** Numbers that JavaScript would round, members that nobody has heard of, and words as no JSON printer writes them. */
export const UNKNOWN =
  '"x_id":12345678901234567890,"x_ratio":0.30000000000000004441,"x_deep":{"list":[[],{},null,1e-7]},"x_w\\u00f6rd":"\\u0041\\/b"';

/** A stream as the format allows it and nobody prints it: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export const asWritten =
  (written: string): Step =>
  (exchange) =>
    send(exchange, 200, written, { 'content-type': 'text/event-stream; charset=utf-8' });
