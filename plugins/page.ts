import fp from 'fastify-plugin'
import type { onRequestAsyncHookHandler } from 'fastify'
import { Page, sendMissingPage } from '../src/http/page.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The page, which browsers get at the root of the scope; undefined where there is none. */
    logPage: import('../src/http/page.ts').Page | undefined
  }
}

export interface PageOptions {
  /** Whether browsers get the page at the root of the scope. Default true. */
  page?: boolean
  /** Origins that may show the page in a frame, such as `https://intranet.example`. Default: none. */
  frameAncestors?: string[]
}

/**
 * Gives browsers the page at the root of the scope, before any credential is asked.
 *
 * Clients of Elasticsearch share that path: a request that does not name `text/html` goes to the route there.
 */
export default fp<PageOptions>(async (app, { page: isWanted = true, frameAncestors }) => {
  const page = isWanted ? Page.open(frameAncestors) : undefined
  app.decorate('logPage', page)
  if (!isWanted) return
  if (!page) app.log.warn('the page is not built: run npm ci && npm run build')

  const sendPage: onRequestAsyncHookHandler = async (request, reply) => {
    reply.header('vary', 'accept')
    if (Page.isWanted(request)) return page ? page.send(request, reply) : sendMissingPage(reply)
  }
  app.addHook('onRoute', (route) => {
    // Fastify makes two routes of the first page of a prefix, and tells of one.
    if (![app.prefix, `${app.prefix}/`].includes(route.url)) return
    const methods = [route.method].flat()
    if (!methods.includes('GET') && !methods.includes('HEAD')) return
    route.onRequest = [sendPage, ...[route.onRequest ?? []].flat()]
  })
}, { name: 'loggerbot-page', fastify: '5.x' })
