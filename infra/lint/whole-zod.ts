import type { Rule } from './rule.ts';

/**
 * `import * as z from 'zod'` and no other way: `z` as a name drags every locale and every format into the bundle,
 * which a cold start then pays for.
 */
export const wholeZod: Rule = {
  create: (context) => ({
    ImportDeclaration({ source, specifiers }) {
      if (!isZod(source.value)) return;
      for (const specifier of specifiers) {
        const name = specifier.type === 'ImportSpecifier' ? importedName(specifier.imported) : 'default';
        if (specifier.type === 'ImportNamespaceSpecifier' || (name !== 'z' && name !== 'default')) continue;
        context.report({ node: specifier, message: `write \`import * as z from '${source.value}'\`.` });
      }
    },
  }),
};

function isZod(specifier: string): boolean {
  return specifier === 'zod' || specifier.startsWith('zod/');
}

function importedName(imported: { name: string } | { value: string }): string {
  return 'name' in imported ? imported.name : imported.value;
}
