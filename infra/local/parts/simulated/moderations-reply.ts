import { generateId } from '@copilotkit/aimock';
import * as z from 'zod';
import { moderate } from './moderation.ts';

const moderationsRequest = z.looseObject({
  model: z.string().nullish(),
  input: z.union([
    z.string(),
    z.array(z.string()),
    z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
  ]),
});

/** A verdict on each input. */
export function moderationsReply(body: unknown): object {
  const { model, input } = moderationsRequest.parse(body);
  const results = textsOf(input).map(moderate);
  return { id: generateId('modr'), model: model ?? 'omni-moderation-latest', results };
}

/** One text for each verdict that is due: parts of one multimodal input are judged together. */
function textsOf(input: z.infer<typeof moderationsRequest>['input']): string[] {
  if (typeof input === 'string') return [input];
  if (input.every((item) => typeof item === 'string')) return input;
  return [input.map((item) => item.text ?? '').join('\n')];
}
