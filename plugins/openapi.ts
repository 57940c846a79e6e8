import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger'
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
    },
    transformObject: withDefaults
  })
  await app.register(swaggerUi, { routePrefix: '/docs' })
}, { name: 'loggerbot-openapi', fastify: '5.x' })

/** A parameter with a default may be left out: schemas require it, because handlers always get one. */
const withDefaults: FastifyDynamicSwaggerOptions['transformObject'] = (document) => {
  if (!('openapiObject' in document)) return document.swaggerObject
  for (const path of Object.values(document.openapiObject.paths ?? {})) {
    for (const parameter of path?.get?.parameters ?? []) {
      if ('schema' in parameter && parameter.schema && 'default' in parameter.schema) parameter.required = false
    }
  }
  return document.openapiObject
}
