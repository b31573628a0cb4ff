const REFERENCE = 'https://platform.openai.com/docs/api-reference';

/** Where OpenAI describes a route, by the end of its path. */
const PAGES: Readonly<Record<string, string>> = {
  '/chat/completions': '/chat/create',
  '/responses': '/responses/create',
  '/embeddings': '/embeddings/create',
  '/moderations': '/moderations/create',
  '/models': '/models/list',
};

/** OpenAI's own reference of a route. One that is not known here is found from its front page. */
export function referenceOf(path: string): { readonly description: string; readonly url: string } {
  const page = Object.entries(PAGES).find(([end]) => path.endsWith(end))?.[1] ?? '';
  return { description: 'OpenAI’s reference', url: `${REFERENCE}${page}` };
}
