import OpenAI from 'openai';
import type { ResponseCreateParamsNonStreaming } from 'openai/resources/responses/responses';

let client: OpenAI | undefined;

/**
 * What everything is compared with: the OpenAI SDK as it comes, with its own `fetch`, and nothing around it. Key and base
 * URL are read from the environment by the SDK itself.
 */
export async function handler(params: ResponseCreateParamsNonStreaming): Promise<{ statusCode: number; body: string }> {
  client ??= new OpenAI();
  const response = await client.responses.create(params);
  return { statusCode: response.status === 'completed' ? 200 : 502, body: response.output_text };
}
