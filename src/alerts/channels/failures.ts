/** Names of what keeps a message from being delivered, stable within a major version: docs/alerts.md lists them. */
export const failureCauses = [
  'send.unreachable', 'send.unanswered', 'send.busy', 'send.refused', 'send.message-refused', 'send.gone',
  'send.redirected', 'send.address-forbidden', 'send.address-invalid', 'send.blocked', 'send.chat-unavailable',
  'send.moved', 'send.no-bot', 'send.failed', 'send.expired', 'send.channel-deleted', 'send.user-disabled'
] as const

export type FailureCause = typeof failureCauses[number]

/** Why a message was not delivered; the sentence holds no secret. */
export interface FailureReason {
  cause: FailureCause
  /** In English, with details such as the code of an error. */
  reason: string
}
