import { Ajv, type ErrorObject } from 'ajv'
import type { FastifyInstance } from 'fastify'

/** Takes bodies as they come, without coercion, removal or defaults. Annotations of TypeBox and OpenAPI are ignored. */
const ajv = new Ajv({ strict: false, verbose: true })

/** A URL holds only text: it is coerced to what the schema asks for, and the schema's defaults are filled in. */
const ajvOfText = new Ajv({ strict: false, verbose: true, coerceTypes: true, useDefaults: true })

/**
 * Gives a scope its own compilers, so that those of a host app never reach our routes.
 *
 * JSON bodies are validated without coercion, parameters of the URL with it; errors name the broken rule; answers are
 * plain JSON.
 */
export function useOwnCompilers (scope: FastifyInstance): void {
  scope.setValidatorCompiler(({ schema, httpPart }) => {
    const isText = httpPart === 'querystring' || httpPart === 'params'
    return (isText ? ajvOfText : ajv).compile(schema)
  })
  scope.setSchemaErrorFormatter((errors) => new Error(explain(errors as unknown as ErrorObject[])))
  scope.setReplySerializer((payload) => JSON.stringify(payload))
}

/** `data.logs[3].pid must be a whole number, 0 or more`: the field, and its rule from the schema's description. */
function explain (errors: readonly ErrorObject[]): string {
  // The alternatives of an `anyOf` come first, and the schema that has the description last.
  const last = errors.at(-1)
  if (!last) return 'body is invalid'
  const { instancePath, keyword, params, parentSchema, message = 'is invalid' } = last
  const path = instancePath.replaceAll(/\/(\d+)/g, '[$1]').replaceAll('/', '.').slice(1)
  if (keyword === 'required') return `${path === '' ? '' : `${path}.`}${params.missingProperty} is missing`
  if (keyword === 'additionalProperties') return `${params.additionalProperty} is not known here`
  const rule = parentSchema?.description === undefined ? message : `must be ${parentSchema.description}`
  return `${path || 'body'} ${rule}`
}
