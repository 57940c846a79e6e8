// What each service gets: a table of its limits and the shape of its message.
import type { Severity } from '../../../model/record.ts'
import type { AlertMessage } from '../channel.ts'
import { fitted, headingOf, inert, textOf } from '../wording.ts'

export const templateNames = ['json', 'slack', 'discord', 'mattermost', 'ntfy', 'gotify', 'pagerduty'] as const

export type TemplateName = typeof templateNames[number]

/** Where a message goes: the address that the user gave, and the service's own token. */
export interface Destination {
  url: URL
  token: string | undefined
}

/** The request of a message; without `url` it goes to the address as it was given. */
export interface TemplateRequest {
  url?: URL
  headers?: Record<string, string>
  body: object
}

interface Template {
  /** What `token` is for the service; missing: it has none. */
  token?: 'required' | 'optional'
  /** The path of its addresses. Default: any. */
  path?: RegExp
  request: (message: AlertMessage, destination: Destination) => TemplateRequest
}

export const templates: Record<TemplateName, Template> = {
  json: { request: (message) => ({ body: plainBody(message) }) },
  // https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
  slack: { request: (message) => ({ body: slackBody(message) }) },
  // https://discord.com/developers/docs/resources/webhook#execute-webhook
  discord: {
    request: (message) => ({
      body: {
        content: chatText(message, 2000),
        allowed_mentions: { parse: [] },
        // No preview of links.
        flags: 1 << 2
      }
    })
  },
  // https://developers.mattermost.com/integrate/webhooks/incoming
  mattermost: { request: (message) => ({ body: { text: chatText(message, 4000) } }) },
  // https://docs.ntfy.sh/publish/#publish-as-json
  ntfy: { token: 'optional', path: /\/[-_A-Za-z0-9]{1,64}$/, request: ntfyRequest },
  // https://gotify.net/docs/pushmsg
  gotify: {
    token: 'required',
    path: /\/message$/,
    request: (message, { token = '' }) => ({ headers: { 'x-gotify-key': token }, body: gotifyBody(message) })
  },
  // https://developer.pagerduty.com/docs/send-alert-event
  pagerduty: {
    token: 'required',
    request: (message, { token = '' }) => ({ body: pagerdutyBody(message, token) })
  }
}

const maxLines = 20
const maxLineCharacters = 1000
const maxAlerts = 50

/** Our own shape, as docs/alerts.md describes it. It is the same when it is sent again. */
function plainBody (message: AlertMessage): object {
  const { mayRepeat, hasActions, kind, ...data } = message
  return {
    type: `alert.${kind}`,
    data: { ...data, lines: shownLines(message), alerts: message.alerts.slice(0, maxAlerts) }
  }
}

function shownLines ({ lines }: AlertMessage): string[] {
  return lines.slice(0, maxLines).map((line) => fitted(line, { max: maxLineCharacters }))
}

/** Text of strangers stands in a block of code, which it cannot leave: there, names, links and marks mean nothing. */
function chatText (message: AlertMessage, max: number): string {
  const [start, end] = [`**${headingOf(message)}**\n\`\`\`text\n`, `\n\`\`\`${linkOf(message, (url) => `<${url}>`)}`]
  return `${start}${fitted(inFence(textOf(message)), { max: max - start.length - end.length })}${end}`
}

/** Text without the mark that ends a block of code. */
function inFence (text: string): string {
  return text.replaceAll('``', '`\u200b`')
}

function linkOf ({ url, logsUrl }: AlertMessage, write: (url: string) => string): string {
  return [...new Set([url, logsUrl])].map((link) => link === null ? '' : `\n${write(link)}`).join('')
}

const slackEscapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

function slackBody (message: AlertMessage): object {
  const escape = (character: string) => slackEscapes[character] ?? character
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } })
  const link = linkOf(message, (url) => `<${[...url].map(escape).join('').replaceAll('|', '%7C')}>`)
  const text = fitted(inFence(textOf(message)), { max: 2900, escape })
  return {
    // What a notification shows, and services that understand Slack's messages.
    text: `${headingOf(message)}: ${fitted(inert(message.title), { max: 300, escape })}`,
    blocks: [section(`*${headingOf(message)}*${link}`), section(`\`\`\`\n${text}\n\`\`\``)],
    unfurl_links: false,
    unfurl_media: false
  }
}

/** How urgent a message is, from 1 to 5. */
function urgencyOf ({ kind, level }: AlertMessage): number {
  if (kind === 'back' || kind === 'test') return 3
  return level === 'critical' ? 5 : 4
}

function ntfyRequest (message: AlertMessage, { url, token }: Destination): TemplateRequest {
  const root = new URL(`.${url.search}`, url)
  return {
    url: root,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    body: {
      topic: url.pathname.split('/').at(-1),
      title: headingOf(message),
      // A longer message becomes an attachment.
      message: fitted(textOf(message), { max: 4000, sizeOf: Buffer.byteLength }),
      priority: urgencyOf(message),
      tags: [message.kind === 'back' ? 'white_check_mark' : 'rotating_light'],
      ...message.url !== null && { click: message.url },
      ...message.logsUrl !== null && { actions: [{ action: 'view', label: 'Logs around', url: message.logsUrl }] }
    }
  }
}

function gotifyBody (message: AlertMessage): object {
  return {
    title: headingOf(message),
    message: fitted(textOf(message), { max: 4000 }),
    // Gotify counts from 0 to 10.
    priority: 2 * urgencyOf(message),
    extras: {
      'client::display': { contentType: 'text/plain' },
      ...message.url !== null && { 'client::notification': { click: { url: message.url } } }
    }
  }
}

const pagerdutySeverities: Record<Severity, string> = {
  debug: 'info', info: 'info', warning: 'warning', error: 'error', critical: 'critical'
}

function pagerdutyBody (message: AlertMessage, token: string): object {
  const { kind, thread, process, level, last, rule, state, url, logsUrl } = message
  const isOver = kind === 'back' || state?.startsWith('resolved')
  return {
    routing_key: token,
    event_action: isOver ? 'resolve' : 'trigger',
    dedup_key: thread,
    payload: {
      summary: fitted(`${headingOf(message)}: ${inert(message.title)}`, { max: 1024 }),
      source: process === null || process === '' ? 'loggerbot' : process,
      severity: level === null ? 'warning' : pagerdutySeverities[level],
      group: rule,
      class: kind,
      ...last !== null && { timestamp: last },
      custom_details: { text: fitted(textOf(message), { max: 20_000 }) }
    },
    client: 'LoggerBot',
    ...url !== null && { client_url: url },
    ...logsUrl !== null && { links: [{ href: logsUrl, text: 'Logs around' }] }
  }
}
