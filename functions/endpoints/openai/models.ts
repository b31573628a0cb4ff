import * as z from 'zod';
import { defineRoute } from '#edge/define-route.ts';
import { isPriced } from '#pricing/find-price.ts';
import { pricedModels } from '#pricing/priced-models.ts';

const model = z.strictObject({
  id: z.string(),
  object: z.literal('model'),
  created: z.int().describe('Not known here: 0.'),
  owned_by: z.string(),
});

/** The models that the caller may name, in OpenAI's words: those with a price, or those of its allow-list. */
export const { handler, spec } = defineRoute({
  summary: 'The models that the caller may name on the OpenAI-compatible routes.',
  method: 'GET',
  path: '/openai/v1/models',
  access: ['caller'],
  errors: 'openai',
  query: z.strictObject({}),
  output: z.strictObject({ object: z.literal('list'), data: z.array(model) }),
  handle: async (_query, { clock }, { principal }) => {
    const nowMs = clock.nowMs();
    const allowed = principal?.policy?.models?.filter((id) => isPriced(id, nowMs)) ?? pricedModels(nowMs);
    const data = allowed.map((id) => ({ id, object: 'model', created: 0, owned_by: 'openai' }));
    return { json: { object: 'list', data } };
  },
});
