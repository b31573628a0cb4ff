import type { DocsFile } from './docs-files.ts';

/** The page's HTML: no script and no style in it, and no address that is not relative to it. */
export function docsPage({ names, simulated }: { readonly names: Names; readonly simulated: boolean }): string {
  const asset = (file: DocsFile) => `docs/${names[file]}`;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Weir: the API</title>
    <link rel="icon" href="${ICON}">
    <link rel="stylesheet" href="${asset('swagger-ui.css')}">
    <link rel="stylesheet" href="${asset('page.css')}">
    <script defer src="${asset('swagger-ui.js')}"></script>
    <script defer src="${asset('page.js')}"></script>
  </head>
  <body>
    <header class="weir-header">
      <h1>Weir: the API</h1>
      <p>To try a call: Authorize with a caller’s key, open an operation, “Try it out”, “Execute”. A key stays in this tab.</p>${simulated ? SIMULATED : ''}
    </header>
    <main id="api"><p class="weir-note">This page needs JavaScript. The same without it: <a href="openapi.json">openapi.json</a></p></main>
    <footer class="weir-footer">
      <p><a href="openapi.json">openapi.json</a> · made readable by Swagger UI (<a href="${asset('licences.txt')}">licences</a>)</p>
    </footer>
  </body>
</html>
`;
}

type Names = Readonly<Record<DocsFile, string>>;

const SIMULATED = `
      <p class="weir-simulated"><strong>The upstream is simulated.</strong> Answers come from simple rules on this machine, not from
        OpenAI. Nothing is billed; costs shown are what OpenAI would charge.</p>`;

/** Water at a wall. Written into the page, for a browser would ask the site for one. */
const ICON =
  'data:image/svg+xml,' +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M1 5h8v9H1z" fill="#2a6f97"/><path d="M9 3h3v11H9z" fill="#333"/></svg>',
  );
