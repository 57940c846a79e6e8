import { Ajv, type ErrorObject } from 'ajv'
import type { FastifyInstance } from 'fastify'

/** Bodies are taken as they come: nothing is coerced, removed or filled in. Annotations of TypeBox and OpenAPI are let be. */
const ajv = new Ajv({ strict: false, verbose: true })

/** What a URL says is text: it becomes what the schema wants, with the schema's defaults. */
const ajvOfText = new Ajv({ strict: false, verbose: true, coerceTypes: true, useDefaults: true })

/**
 * Gives a scope its own compilers, so that a host app's never reach our routes: JSON bodies are
 * validated without coercion, parameters of the URL with it, broken rules are told by name, and answers are plain JSON.
 */
export function useOwnCompilers (scope: FastifyInstance): void {
  scope.setValidatorCompiler(({ schema, httpPart }) => (httpPart === 'querystring' || httpPart === 'params' ? ajvOfText : ajv).compile(schema))
  scope.setSchemaErrorFormatter((errors) => new Error(explain(errors as unknown as ErrorObject[])))
  scope.setReplySerializer((payload) => JSON.stringify(payload))
}

/** `data.logs[3].pid must be a whole number, 0 or more`: the field, and the rule that its schema's description states. */
function explain (errors: ErrorObject[]): string {
  // Of an `anyOf` the alternatives come first, and the schema that has the description last.
  const { instancePath, keyword, params, parentSchema, message } = errors.at(-1)!
  const path = instancePath.replaceAll(/\/(\d+)/g, '[$1]').replaceAll('/', '.').slice(1)
  if (keyword === 'required') return `${path === '' ? '' : `${path}.`}${params.missingProperty} is missing`
  if (keyword === 'additionalProperties') return `${params.additionalProperty} is not known here`
  const rule = parentSchema?.description === undefined ? message : `must be ${parentSchema.description}`
  return `${path || 'body'} ${rule}`
}
