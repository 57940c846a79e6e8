import type { Static, TSchema } from '@sinclair/typebox'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { FastifyInstance } from 'fastify'
import { BadRequest, type Fault, type Rule } from '../model/bad-request.ts'

/** Annotations of TypeBox and OpenAPI are ignored. Compiling the schema of schemas would delay the start by 0.1 s. */
const options = { strict: false, verbose: true, validateSchema: false }

/** Takes bodies as they come, without coercion, removal or defaults. */
const ajv = new Ajv(options)

/** A URL holds only text: it is coerced to what the schema asks for, and the schema's defaults are filled in. */
const ajvOfText = new Ajv({ ...options, coerceTypes: true, useDefaults: true })

/**
 * Gives a scope its own compilers, so that those of a host app never reach our routes.
 *
 * JSON bodies are validated without coercion, parameters of the URL with it; errors name the broken rule; answers are
 * plain JSON.
 */
export function useOwnCompilers (scope: FastifyInstance): void {
  scope.setValidatorCompiler(({ schema, httpPart }) => {
    const isText = httpPart === 'querystring' || httpPart === 'params'
    let validate: ValidateFunction | undefined
    // Compiled by the first request: all routes together would delay the start by half a second.
    return (data: unknown) => {
      validate ??= (isText ? ajvOfText : ajv).compile(schema)
      return validate(data) ? true : { error: validate.errors ?? [] }
    }
  })
  scope.setSchemaErrorFormatter((errors) => refusalOf(errors as unknown as ErrorObject[]))
  scope.setSerializerCompiler(() => (payload) => JSON.stringify(payload))
}

/** Checks a value as the body of a request is checked. Throws BadRequest, which names the field. */
export function requireValid<Schema extends TSchema> (schema: Schema, data: unknown): asserts data is Static<Schema> {
  const validate = ajv.compile(schema)
  if (!validate(data)) throw refusalOf(validate.errors ?? [])
}

function refusalOf (errors: readonly ErrorObject[]): BadRequest {
  // The alternatives of an `anyOf` come first, and the schema that has the description last.
  const last = errors.at(-1)
  return last ? new BadRequest(explain(last), faultOf(last)) : new BadRequest('body is invalid')
}

/** `data.logs[3].pid must be a whole number, 0 or more`: the field, and its rule from the schema's description. */
function explain (error: ErrorObject): string {
  const { keyword, parentSchema, message = 'is invalid' } = error
  const field = fieldOf(error)
  if (keyword === 'required') return `${field} is missing`
  if (keyword === 'additionalProperties') return `${field} is not known here`
  const rule = parentSchema?.description === undefined ? message : `must be ${parentSchema.description}`
  return `${field || 'body'} ${rule}`
}

function fieldOf ({ instancePath, keyword, params }: ErrorObject): string {
  const path = instancePath.replaceAll(/\/(\d+)/g, '[$1]').replaceAll('/', '.').slice(1)
  if (keyword === 'required') return `${path === '' ? '' : `${path}.`}${params.missingProperty}`
  return keyword === 'additionalProperties' ? params.additionalProperty : path
}

const ruleOfKeyword: Partial<Record<string, Rule>> = {
  required: 'parameter.missing',
  additionalProperties: 'parameter.unknown',
  minimum: 'parameter.minimum',
  maximum: 'parameter.maximum',
  minLength: 'parameter.too-short',
  maxLength: 'parameter.too-long',
  pattern: 'parameter.pattern',
  anyOf: 'parameter.choice',
  enum: 'parameter.choice',
  const: 'parameter.choice',
  minItems: 'parameter.items',
  maxItems: 'parameter.items',
  uniqueItems: 'parameter.items'
}

function faultOf (error: ErrorObject): Fault {
  const { keyword, params, parentSchema } = error
  const alternatives: unknown[] = parentSchema?.anyOf ?? []
  const expected = alternatives.flatMap((schema) => isConstant(schema) ? [String(schema.const)] : [])
  return {
    rule: ruleOfKeyword[keyword] ?? 'parameter.type',
    field: fieldOf(error),
    ...expected.length > 0 && { expected },
    ...typeof params.limit === 'number' && { limit: params.limit }
  }
}

function isConstant (schema: unknown): schema is { const: unknown } {
  return typeof schema === 'object' && schema !== null && 'const' in schema
}
