import { sep } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * What Weir calls of the SDK. The client constructs all of its some thirty resources, and drags in helpers that assemble
 * streams and sign with certificates; an empty class in their place takes 230 KB out of every bundle.
 */
const KEPT = /^resources\/(index|responses\/|embeddings|shared)/;
const LEFT_OUT = /^(resources\/|lib\/(.*Stream|.*Runner)|internal\/responses\/|internal\/assistant)/;

const EMPTY_MODULE = `
  class LeftOut {}
  module.exports = new Proxy({}, { get: (_, name) => (name === '__esModule' ? undefined : LeftOut) });
`;

/**
 * Leaves unused parts of the OpenAI SDK out of the bundle. The bundle's own test makes every kind of call through what
 * remains.
 */
export const leanOpenAi: Plugin = {
  name: 'lean-openai',
  setup(build) {
    build.onLoad({ filter: /node_modules[\\/]openai[\\/]/ }, ({ path }) => {
      const file = path.split(`${sep}openai${sep}`).at(-1)!.split(sep).join('/');
      if (KEPT.test(file) || !LEFT_OUT.test(file)) return undefined;
      return { contents: EMPTY_MODULE, loader: 'js' };
    });
  },
};
