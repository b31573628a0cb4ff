import { answer } from '#test/support/scripted-steps.ts';
import { UNKNOWN, type Case } from './case.ts';

/** The APIs in which no model writes. */
export const OTHERS: readonly Case[] = [
  {
    name: 'embeddings as floats',
    path: 'embeddings',
    body: { model: 'text-embedding-3-small', input: ['one', 'zwölf 🙂'], dimensions: 16 },
    step: answer(),
  },
  {
    name: 'embeddings of tokens in base64, with unknown members',
    path: 'embeddings',
    body: `{"model":"text-embedding-3-small","input":[[1,2,3],[4]],"encoding_format":"base64",${UNKNOWN}}`,
    step: answer({ noise: true }),
  },
  {
    name: 'moderations',
    path: 'moderations',
    body: { model: 'omni-moderation-latest', input: ['nice', 'not nice'] },
    step: answer({ flagged: true, noise: true }),
  },
];
