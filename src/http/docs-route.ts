// An embedder's compiler sees this file, but no declaration that nothing leads to.
/// <reference path="./embedded-file.d.ts" />
import { openapi } from '@elysiajs/openapi'
import { type AnyElysia, Elysia } from 'elysia'
// The viewer as its package ships it: 218 kB, already compressed, embedded in the binary.
import viewerPath from 'rapidoc/dist/rapidoc-min.js.gz' with { type: 'file' }
import { AppError } from '../base/errors.ts'

export interface DocsDeps {
  readonly version: string
  /** Whether the Host and Origin of the request may see the docs (D3a). */
  readonly isAllowed: (request: Request) => boolean
  /** The route groups to describe, where others serve them: without it, those of the app that the docs are a part of. */
  readonly described?: readonly AnyElysia[]
}

const docsPath = '/docs'
const documentPath = '/openapi.json'
const viewerScriptPath = '/docs/viewer.js'

/** The page may load its own script and ask its own server, and nothing else anywhere. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"

/** persist-auth stays off and no token is ever put into the page: what a visitor types is gone with the tab. */
const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>slack-integrated-server API</title></head>
<body>
<rapi-doc spec-url="${documentPath}" render-style="read" show-header="false" load-fonts="false" persist-auth="false" allow-server-selection="false" allow-spec-url-load="false" allow-spec-file-load="false" schema-style="table"></rapi-doc>
<script src="${viewerScriptPath}"></script>
</body>
</html>
`

/** `/openapi.json` for all routes and an interactive page at `/docs` that loads nothing from the network. */
export function createDocsRoutes({ version, isAllowed, described }: DocsDeps): readonly AnyElysia[] {
  const requireAllowed = ({ request }: { readonly request: Request }) => {
    if (!isAllowed(request)) throw new AppError('MCP_FORBIDDEN', { component: 'server' })
  }
  const document = new Elysia({ name: 'openapi', strictPath: true })
    .onBeforeHandle({ as: 'scoped' }, requireAllowed)
    .use(
      openapi({
        path: docsPath,
        specPath: documentPath,
        provider: null,
        exclude: { paths: [docsPath, viewerScriptPath, documentPath] },
        documentation: {
          info: {
            title: 'slack-integrated-server',
            version,
            description: 'MCP for AI clients and the webhook for Slack, on one port.',
          },
          components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
        },
      }),
    )
  const pages = new Elysia({ name: 'docs', strictPath: true })
    .get(docsPath, () => html(page), { beforeHandle: requireAllowed, detail: { hide: true } })
    .get(viewerScriptPath, () => script(), { beforeHandle: requireAllowed, detail: { hide: true } })
  if (described === undefined) return [document, pages]
  const elsewhere: AnyElysia = new Elysia({ strictPath: true })
  for (const group of [...described, document]) elsewhere.use(group)
  return [
    pages.get(documentPath, ({ request }) => elsewhere.handle(request), {
      beforeHandle: requireAllowed,
      detail: { hide: true },
    }),
  ]
}

function html(text: string): Response {
  return new Response(text, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
  })
}

function script(): Response {
  return new Response(Bun.file(viewerPath), {
    headers: {
      'content-type': 'text/javascript; charset=utf-8',
      'content-encoding': 'gzip',
      'cache-control': 'public, max-age=3600',
      'x-content-type-options': 'nosniff',
    },
  })
}
