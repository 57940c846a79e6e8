import { BadRequest } from '../../../errors.ts'
import type { AlertMessage, Channel } from '../channel.ts'
import { post, type SendOptions, type WebhookRequest } from './send.ts'
import { signatureOf } from './sign.ts'
import { readUrl } from './target.ts'
import { templates, type TemplateName } from './templates.ts'

/** A webhook as its user made it. */
export interface WebhookTarget {
  /** Secret: many services accept every message that is sent to their URL. */
  url: string
  template: TemplateName
  /** The access token of ntfy, the application's token of Gotify, the integration key of PagerDuty. */
  token?: string
  /** `whsec_…`: sign the messages, the newest first; none: they are not signed. */
  secrets: readonly string[]
}

/** Throws BadRequest where no message could be sent to the target: it names the field, and quotes nothing. */
export function checkTarget ({ url, template, token }: Omit<WebhookTarget, 'secrets'>): URL {
  const address = readUrl(url)
  const { token: need, path } = templates[template]
  if (path?.test(address.pathname) === false) {
    throw new BadRequest(`url must match ${path.source} at the end of its path for this template`, {
      rule: 'parameter.pattern', field: 'url'
    })
  }
  if (token === undefined && need === 'required') {
    throw new BadRequest('token must be given for this template', { rule: 'parameter.missing', field: 'token' })
  }
  if (token !== undefined && need === undefined) {
    throw new BadRequest('token goes with templates ntfy, gotify and pagerduty alone', {
      rule: 'parameter.conflict', field: 'token'
    })
  }
  if (token !== undefined && !/^[!-~]{1,255}$/.test(token)) {
    throw new BadRequest('token must be 1 to 255 printable ASCII characters without spaces', {
      rule: 'parameter.pattern', field: 'token'
    })
  }
  return address
}

/** Sends messages to a webhook, signed by Standard Webhooks. Messages cannot be changed afterwards. */
export function webhookChannel (target: WebhookTarget, options: SendOptions): Channel {
  return {
    async send (message, signal) {
      try {
        return await post(requestOf(target, message), options, signal)
      } catch (error) {
        if (!(error instanceof BadRequest)) throw error
        return { kind: 'notDelivered', then: 'broken', cause: 'send.address-invalid', reason: error.message }
      }
    }
  }
}

function requestOf (target: WebhookTarget, message: AlertMessage): WebhookRequest {
  const { template, token, secrets } = target
  const url = checkTarget(target)
  const request = templates[template].request(message, { url, token })
  const body = JSON.stringify(request.body)
  return {
    url: request.url ?? url,
    headers: {
      ...request.headers,
      ...signatureOf({ id: message.id, body, secrets }),
      // Not in our own body, which is the same when it is sent again.
      ...message.mayRepeat && { 'loggerbot-may-repeat': 'true' }
    },
    body
  }
}
