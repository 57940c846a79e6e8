import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'
import { description, version } from '../src/version.ts'

/** Describes the routes that come after it, at /docs. A host app that has @fastify/swagger describes them itself. */
export default fp(async (app) => {
  if (app.hasDecorator('swagger')) return
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'LoggerBot Server', version, description }
    }
  })
  await app.register(swaggerUi, { routePrefix: '/docs' })
}, { name: 'loggerbot-openapi', fastify: '5.x' })
