import { badRequest } from './refusal.ts'

export type Parameters = Record<string, unknown>

/** Reads the parameters of a call: the query, and a body as JSON, form or multipart. */
export async function readParameters (url: URL, type: string | undefined, body: Buffer): Promise<Parameters> {
  const query = Object.fromEntries(url.searchParams)
  if (body.length === 0) return query
  if (type?.startsWith('application/json')) {
    return { ...query, ...readObject(body.toString()) }
  }
  if (type?.startsWith('application/x-www-form-urlencoded') || type?.startsWith('multipart/form-data')) {
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
    return { ...query, ...Object.fromEntries(form) }
  }
  return query
}

function readObject (text: string): Parameters {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Parameters
  } catch {}
  throw badRequest("can't parse JSON object")
}

/** A text; a number is one, too. */
export function textOf (value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' ? value : undefined
}

export function integerOf (value: unknown): number | undefined {
  const number = Number(textOf(value))
  return Number.isSafeInteger(number) ? number : undefined
}

/** A structure: as it is in JSON, or as JSON in a text. */
export function structureOf (value: unknown, name: string): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    throw badRequest(`can't parse ${name} JSON object`)
  }
}
