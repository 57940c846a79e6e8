import type { IncomingMessage } from 'node:http'
import type { NotDelivered, SendOutcome } from '../channel.ts'
import type { FailureCause } from '../failures.ts'

/** An alert is given up after a day. */
const maxRetryAfterMs = 24 * 3_600_000

/** Statuses by which a receiver says that it did not take the message, and what follows; other 4xx: pause. */
const refusals: Partial<Record<number, { then: NotDelivered, cause: FailureCause }>> = {
  400: { then: 'giveUp', cause: 'send.message-refused' },
  408: { then: 'wait', cause: 'send.busy' },
  410: { then: 'broken', cause: 'send.gone' },
  413: { then: 'giveUp', cause: 'send.message-refused' },
  422: { then: 'giveUp', cause: 'send.message-refused' },
  425: { then: 'wait', cause: 'send.busy' },
  429: { then: 'wait', cause: 'send.busy' }
}

/** What the status of an answer says about a message. */
export function outcomeOf ({ statusCode = 0, headers }: Pick<IncomingMessage, 'statusCode' | 'headers'>): SendOutcome {
  if (statusCode >= 200 && statusCode < 300) return { kind: 'delivered', messageId: null }
  const reason = `answered ${statusCode}`
  const retryAfterMs = retryAfterOf(headers)
  if (statusCode === 503 && retryAfterMs !== undefined) {
    return { kind: 'notDelivered', then: 'wait', cause: 'send.busy', reason, retryAfterMs }
  }
  if (statusCode >= 500) return { kind: 'unknown', cause: 'send.unanswered', reason }
  if (statusCode < 400) {
    const refusal = `${reason}: redirects are not followed`
    return { kind: 'notDelivered', then: 'broken', cause: 'send.redirected', reason: refusal }
  }
  const refusal = refusals[statusCode] ?? { then: 'pause', cause: 'send.refused' }
  return { kind: 'notDelivered', ...refusal, reason, ...retryAfterMs !== undefined && { retryAfterMs } }
}

/** Milliseconds to wait, from a number of seconds, or from a date, which is compared with the receiver's own clock. */
function retryAfterOf (headers: IncomingMessage['headers']): number | undefined {
  const text = headers['retry-after']
  if (text === undefined) return undefined
  const isNumber = /^\d+(\.\d+)?$/.test(text)
  const ms = isNumber ? Number(text) * 1000 : Date.parse(text) - Date.parse(headers.date ?? '')
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, Math.ceil(ms)), maxRetryAfterMs)
}
