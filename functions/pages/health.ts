import * as z from 'zod';
import { defineRoute } from '#edge/define-route.ts';

/** Says that the function runs. Nothing of the deployment, and nothing that costs. */
export const { handler, spec } = defineRoute({
  summary: 'Says that the service runs.',
  method: 'GET',
  path: '/health',
  access: 'public',
  query: z.strictObject({}),
  output: z.strictObject({ status: z.literal('ok') }),
  handle: async () => ({ json: { status: 'ok' } }),
});
