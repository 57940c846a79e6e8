// Preconditions of HTTP (https://www.rfc-editor.org/rfc/rfc9110#section-13).
import type { IncomingHttpHeaders } from 'node:http'
import { BadRequest } from '../../../src/errors.ts'
import type { Precondition } from '../../../src/store/searches.ts'

/** An etag as the header ETag has it. */
export function quoteEtag (etag: string): string {
  return `"${etag}"`
}

/** What If-Match and `If-None-Match: *` ask for. Throws BadRequest for another If-None-Match. */
export function preconditionOf ({ 'if-match': match, 'if-none-match': noneMatch }: IncomingHttpHeaders): Precondition {
  if (noneMatch !== undefined && noneMatch.trim() !== '*') {
    const fault = { rule: 'parameter.choice', field: 'If-None-Match', expected: ['*'] } as const
    throw new BadRequest('header If-None-Match must be *, which creates and never replaces', fault)
  }
  return { match: match === undefined ? undefined : etagsOf(match), isNew: noneMatch !== undefined }
}

/** Whether the client has this version, by If-None-Match. */
export function isKnown ({ 'if-none-match': noneMatch }: IncomingHttpHeaders, etag: string): boolean {
  if (noneMatch === undefined) return false
  const known = etagsOf(noneMatch.replaceAll('W/', ''))
  return known === 'any' || known.includes(etag)
}

/** The strong etags of a list; `*` means any. */
function etagsOf (header: string): 'any' | string[] {
  if (header.trim() === '*') return 'any'
  return header.split(',').flatMap((part) => /^\s*"([^"]*)"\s*$/.exec(part)?.[1] ?? [])
}
