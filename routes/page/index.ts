import fastifyStatic from '@fastify/static'
import fp from 'fastify-plugin'

/** Files of the page, named by their content; and the page itself, where nothing else is at the root. */
export default fp(async (app) => {
  const page = app.logPage
  if (!page) return
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(page.securityHeaders)
  })
  await app.register(fastifyStatic, {
    root: page.assets,
    prefix: '/_page/',
    decorateReply: false,
    wildcard: false,
    index: false,
    preCompressed: true,
    immutable: true,
    maxAge: '1y',
    globIgnore: ['**/*.{br,gz}']
  })
  if (!app.hasRoute({ method: 'GET', url: `${app.prefix}/` })) {
    const options = { config: { logAccess: 'public' as const }, schema: { hide: true } }
    app.get('/', options, (request, reply) => page.send(request, reply))
  }
}, { name: 'loggerbot-page-routes', fastify: '5.x', encapsulate: true, dependencies: ['loggerbot-page'] })
