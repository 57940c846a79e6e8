import type { FastifyReply } from 'fastify'
import type { Receipt } from '../model/batch.ts'

/** Says in the answer's headers how the logs were made durable. */
export function setReceiptHeaders (reply: FastifyReply, { stored, replayed }: Receipt): void {
  if (stored === 'spool') reply.header('x-log-stored', 'spool')
  if (replayed) reply.header('idempotency-replayed', 'true')
}
