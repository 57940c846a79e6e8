// The pages of a list: a cursor belongs to its list, and carries the list's times, so that every page goes on with the
// same logs, whatever `now` is by then.
import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { BadRequest } from '../../src/errors.ts'
import type { Caller } from '../../src/model/caller.ts'
import { millisecondsOf } from '../../src/model/instant.ts'
import { isoTime } from '../../src/query/api-log.ts'
import { pageCursorOf, pageStartOf, type PageStart, type Position } from '../../src/query/cursor.ts'
import { absoluteTime, instantOf } from '../../src/query/instant.ts'
import { scopeToRead, type RequestedScope, type ScopeParameters } from './request.ts'

/** Parameters of a list that its cursors belong to. */
type ListParameters = ScopeParameters & { order: 'newest' | 'oldest' }

/** The logs of a list, and where the page begins: undefined for the first one. */
export interface ListPage {
  scope: RequestedScope
  start: Position | undefined
}

/** Reads the parameters of a page. Throws BadRequest, also where the cursor is another list's, and NotAllowed. */
export async function requestedPage (
  app: FastifyInstance, caller: Caller, query: ListParameters & { cursor?: string }
): Promise<ListPage> {
  if (query.cursor === undefined) return { scope: await scopeToRead(app, caller, query), start: undefined }
  const start = pageStartOf(query.cursor)
  if (start.list !== listName(caller, query) || !hasTimesOf(start, query)) {
    const rule = 'query, order, user, from, to and asOf must be those of the page that gave the cursor'
    throw new BadRequest(`cursor belongs to another list: ${rule}`, { rule: 'cursor.other', field: 'cursor' })
  }
  const { from, to, asOf } = start
  const times = {
    from: from === undefined ? undefined : isoTime(from),
    to: to === undefined ? undefined : isoTime(to),
    asOf: isoTime(asOf)
  }
  return { scope: await scopeToRead(app, caller, { ...query, ...times }), start: start.position }
}

/** Whether the times that are given are the cursor's; relative ones count from its `asOf`. */
function hasTimesOf (start: PageStart, { from, to, asOf }: ScopeParameters): boolean {
  const now = millisecondsOf(start.asOf)
  return (from === undefined || instantOf('from', from, now) === start.from) &&
    (to === undefined || instantOf('to', to, now) === start.to) &&
    (asOf === undefined || absoluteTime('asOf', asOf) === start.asOf)
}

/** The cursor of the page that begins at a position. */
export function cursorAt (
  position: Position, { from, to, view: { asOf } }: RequestedScope, caller: Caller, query: ListParameters
): string {
  return pageCursorOf({ position, from, to, asOf, list: listName(caller, query) })
}

function listName ({ id }: Caller, { query, order, user }: ListParameters): string {
  return createHash('sha256').update(JSON.stringify([id, query, order, user])).digest('base64url').slice(0, 8)
}
