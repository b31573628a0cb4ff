import OpenAI from 'openai';
import type { KeyRing } from './key-ring.ts';
import { nodeFetch } from './node-fetch.ts';

/**
 * The OpenAI SDK as plain transport: it asks the key ring for the key at each request, and never retries. Retries, deadline,
 * and what a failure means are Weir's (the SDK retries every 429 whatever its code, and has no total deadline).
 */
export function createOpenAiClient(baseURL: string, keys: KeyRing): OpenAI {
  return new OpenAI({
    baseURL,
    apiKey: async () => (await keys.current()).value,
    maxRetries: 0,
    fetch: nodeFetch,
    // The SDK reads these from the environment where they are not given, and logs to the console.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    logLevel: 'off',
  });
}
