import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { negotiate } from '@fastify/accept-negotiator'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { privateHeaders } from './answers.ts'

/** The built page: beside the built server, or in the build of a checkout that runs its sources. */
const folders = ['../../page/', '../../dist/page/'].map((path) => fileURLToPath(new URL(path, import.meta.url)))

/** Headers of the page: other sites cannot frame it, and it uses scripts and answers of its own server alone. */
function securityHeaders (frameAncestors: readonly string[]): Record<string, string> {
  const policy = [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
    "manifest-src 'self'", "form-action 'self'", "base-uri 'none'",
    `frame-ancestors ${frameAncestors.length === 0 ? "'none'" : frameAncestors.join(' ')}`,
    "require-trusted-types-for 'script'", "trusted-types 'none'"
  ]
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': privateHeaders['x-content-type-options'],
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), clipboard-read=()'
  }
}

/** Tells a browser what to do where the page is not built. */
export function sendMissingPage (reply: FastifyReply): FastifyReply {
  return reply.code(503)
    .headers({ ...securityHeaders([]), 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
    .send('The page of this server is not built. Run "npm ci && npm run build" in its folder, and start it again.\n')
}

/** The document of the page, which is the same for everybody; its files stand in a folder of their own. */
export class Page {
  /** Folder of its files. The name of a file changes with its content. */
  readonly assets: string
  /** Headers of the document and its files. */
  readonly securityHeaders: Readonly<Record<string, string>>
  readonly #headers: Record<string, string>
  readonly #bodies: Record<'br' | 'gzip' | 'identity', Buffer>

  /** Undefined where the page is not built. */
  static open (frameAncestors: readonly string[] = []): Page | undefined {
    const folder = folders.find((folder) => existsSync(`${folder}index.html`))
    return folder === undefined ? undefined : new Page(folder, frameAncestors)
  }

  private constructor (folder: string, frameAncestors: readonly string[]) {
    const read = (ending: string) => readFileSync(`${folder}index.html${ending}`)
    this.assets = `${folder}_page`
    this.securityHeaders = securityHeaders(frameAncestors)
    this.#bodies = { br: read('.br'), gzip: read('.gz'), identity: read('') }
    this.#headers = {
      ...this.securityHeaders,
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      // Weak: all encodings share it.
      etag: `W/"${createHash('sha256').update(this.#bodies.identity).digest('base64url')}"`,
      vary: 'accept, accept-encoding'
    }
  }

  /** Whether a request asks for a page: it names `text/html`, as browsers do, and programs do not. */
  static isWanted ({ headers: { accept = '' } }: FastifyRequest): boolean {
    return accept.split(',').some((range) => /^\s*text\/html\s*(;(?!.*\bq=0(\.0*)?\s*$)|$)/i.test(range))
  }

  /** Sends the document. Without the slash at the end of the prefix, its files would be looked for beside it. */
  send (request: FastifyRequest, reply: FastifyReply): FastifyReply {
    reply.headers(this.#headers)
    const [path = '', search] = request.url.split(/(?=\?)/, 2)
    if (!path.endsWith('/')) return reply.redirect(`${path.slice(path.lastIndexOf('/') + 1)}/${search ?? ''}`)
    const known = (request.headers['if-none-match'] ?? '').split(/ *, */)
    if (known.includes(String(this.#headers.etag))) return reply.code(304).send()
    const encoding = negotiate(request.headers['accept-encoding'] ?? '', ['br', 'gzip']) as 'br' | 'gzip' | null
    if (encoding) reply.header('content-encoding', encoding)
    return reply.send(this.#bodies[encoding ?? 'identity'])
  }
}
