import type { RecordedRequest, Step } from './scripted-exchange.ts';
import { answer, choose } from './scripted-steps.ts';

/** Good answers for every endpoint: a text, the asked schema filled plainly, or for each text of `classify` the first label. */
export const plainAnswers: Step = choose((request) =>
  asksForLabels(request) ? answer({ json: { results: firstLabels(request) } }) : answer(),
);

function asksForLabels({ body }: RecordedRequest): boolean {
  const schema: { readonly properties?: object } = body.text?.format?.schema ?? {};
  return 'results' in (schema.properties ?? {});
}

function firstLabels({ body }: RecordedRequest) {
  const [labels, texts] = (body.input as { readonly content: string }[]).map(
    ({ content }) => JSON.parse(content) as unknown[],
  );
  const [first] = labels as (string | { readonly name: string })[];
  const label = typeof first === 'object' ? first.name : first;
  return (texts as { readonly index: number }[]).map(({ index }) => ({ index, labels: [{ label, confidence: 0.9 }] }));
}
