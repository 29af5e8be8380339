import { type BodyBudget, readBody } from '../base/body.ts'
import { isVisible, type TokenGrant } from './method.ts'
import type { WorkspaceState } from './workspace-state.ts'

/** No tool of ours sends more. */
const uploadBytesMax = 4 * 1024 * 1024

export interface FileHostDeps {
  readonly state: WorkspaceState
  readonly grants: readonly TokenGrant[]
  readonly budget: BodyBudget
}

/** The bytes of files, as Slack's file host takes and gives them: beside the Web API, at the addresses that it told. */
export async function serveFiles(request: Request, deps: FileHostDeps): Promise<Response> {
  const { pathname } = new URL(request.url)
  const key = /^\/upload\/v1\/([\w-]+)$/.exec(pathname)?.[1]
  if (key !== undefined && request.method === 'POST') return takeUpload(request, key, deps)
  const id = /^\/files-pri\/[A-Z0-9]+-(F[A-Z0-9]+)\//.exec(pathname)?.[1]
  if (id !== undefined && request.method === 'GET') return giveFile(request, id, deps)
  return new Response('', { status: 404 })
}

async function takeUpload(request: Request, key: string, { state, budget }: FileHostDeps): Promise<Response> {
  const upload = [...state.uploads.values()].find((candidate) => candidate.key === key)
  if (upload === undefined) return new Response('', { status: 404 })
  const body = await readBody(request, { bytesMax: uploadBytesMax, budget })
  if (body.kind !== 'bytes') return new Response('', { status: 413 })
  upload.bytes = new Uint8Array(body.bytes)
  return new Response(`OK - ${upload.bytes.byteLength}`)
}

/** To a token that may see where it was shared; to everybody else it is not there. */
function giveFile(request: Request, id: string, { state, grants }: FileHostDeps): Response {
  const authorization = request.headers.get('authorization')
  const grant = grants.find(({ token }) => authorization === `Bearer ${token}`)
  const file = state.files.find((candidate) => candidate.id === id)
  const conversation = state.conversations.byId(file?.conversationId ?? '')
  if (
    file === undefined ||
    grant === undefined ||
    conversation === undefined ||
    !isVisible(conversation, grant)
  )
    return new Response('', { status: 404 })
  const type = file.bytes === undefined ? 'text/plain; charset=utf-8' : 'application/octet-stream'
  return new Response(file.bytes ?? file.text, { headers: { 'content-type': type } })
}
