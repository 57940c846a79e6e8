// Rules, channels and alerts of the user, from the API.
import type { QuietHours, RuleContent, RuleKind } from '../../../src/alerts/rules/rule.ts'
import { request } from '../api/client.ts'
import { isAdmin } from '../frame/screen-names.ts'
import { identity } from '../frame/session.ts'

export type { QuietHours, RuleContent, RuleKind }

/** A rule, as it is written. */
export type RuleBody = RuleContent & {
  name: string
  /** Null: all of the user. */
  channels: string[] | null
  coolDownSeconds: number
  repeatSeconds: number
  quietHours: QuietHours | null
}

export type Rule = RuleBody & {
  enabled: boolean
  /** Why it cannot be run. */
  fault: string | null
}

export type RuleDetail = Rule & {
  states: RuleState[]
  alerts: Array<Pick<Alert, 'subject' | 'at' | 'title' | 'note' | 'logs'> & {
    id: string, kind: AlertKind, sent: Array<Pick<Delivery, 'channel' | 'state' | 'cause' | 'reason'>>
  }>
}

export interface RuleState {
  subject: string
  state: string
  since: string
  due: string | null
  last: string | null
}

export type AlertKind =
  | 'new' | 'regressed' | 'unmuted' | 'repeated' | 'match' | 'count' | 'silent' | 'back' | 'server' | 'test'

export interface Delivery {
  /** Null: it was deleted. */
  channel: string | null
  state: 'waiting' | 'sending' | 'sent' | 'given_up'
  mayRepeat: boolean
  /** Why the last try failed; newer servers have causes that this page does not know. */
  cause: string | null
  reason: string | null
}

export interface Alert {
  number: string
  rule: string | null
  kind: AlertKind
  subject: string
  at: string
  title: string
  note: string | null
  process: string | null
  logs: number
  deliveries: Delivery[]
}

export const templates = ['json', 'slack', 'discord', 'mattermost', 'ntfy', 'gotify', 'pagerduty'] as const
export type Template = typeof templates[number]
/** Names of the services, in all languages. */
export const templateNames: Record<Template, string> = {
  json: 'JSON',
  slack: 'Slack',
  discord: 'Discord',
  mattermost: 'Mattermost',
  ntfy: 'ntfy',
  gotify: 'Gotify',
  pagerduty: 'PagerDuty'
}
export type Lines = 'none' | 'masked' | 'whole'

export interface Channel {
  name: string
  kind: 'telegram' | 'webhook'
  /** The host of a webhook, or the name of the chat. */
  to: string
  template?: Template
  lines: Lines
  state: 'ok' | 'paused' | 'broken'
  pausedUntil: string | null
  lastError: string | null
  lastErrorCause: string | null
  lastSent: string | null
  created: string
}

/** Names the user to administrators' requests, which are about all users without it. */
function own (): { user?: string } {
  const user = identity.peek()
  return user && isAdmin(user) ? { user: user.user } : {}
}

export async function readRules (signal: AbortSignal): Promise<Rule[]> {
  return (await request<{ rules: Rule[] }>('api/rules', { signal })).rules
}

export function readRule (name: string, signal: AbortSignal): Promise<RuleDetail> {
  return request(ruleAt(name), { signal })
}

/** Adds a rule; one that the API gave has more fields than it takes. */
export async function addRule (rule: Omit<Rule, 'fault'>): Promise<void> {
  const { name, kind, settings, channels, coolDownSeconds, repeatSeconds, quietHours, enabled } = rule
  const body = { name, kind, settings, channels, coolDownSeconds, repeatSeconds, quietHours, enabled }
  await request('api/rules', { method: 'POST', body })
}

/** Changes a rule; its kind stays. */
export async function changeRule (name: string, { kind, ...body }: Partial<Omit<Rule, 'fault'>>): Promise<void> {
  await request(ruleAt(name), { method: 'PATCH', body })
}

export async function deleteRule (name: string): Promise<void> {
  await request(ruleAt(name), { method: 'DELETE' })
}

/** Expects a value no more, until a log has it. */
export async function forgetValue (name: string, value: string): Promise<void> {
  await request(`${ruleAt(name)}/values/${encodeURIComponent(value)}`, { method: 'DELETE' })
}

function ruleAt (name: string): string {
  return `api/rules/${encodeURIComponent(name)}`
}

export async function readChannels (signal?: AbortSignal): Promise<Channel[]> {
  return (await request<{ channels: Channel[] }>('api/channels', { params: own(), signal })).channels
}

export interface ChannelBody {
  name: string
  url: string
  template: Template
  token: string | null
  lines: Lines
  rotate: boolean
  pausedUntil: string | null
}

/** Makes a webhook; resolves to the secret that signs its messages. */
export async function makeWebhook (body: Partial<ChannelBody>): Promise<string> {
  return (await request<{ secret: string }>('api/channels', { method: 'POST', body })).secret
}

/** Changes a channel; resolves to its new secret, where it got one. */
export async function changeChannel (name: string, body: Partial<ChannelBody>): Promise<string | null> {
  return (await request<{ secret: string | null }>(channelAt(name), { method: 'PATCH', body })).secret
}

export async function deleteChannel (name: string): Promise<void> {
  await request(channelAt(name), { method: 'DELETE' })
}

/** Sends a test; resolves to what became of it, within 20 seconds. */
export function testChannel (name: string): Promise<Delivery> {
  return request(`${channelAt(name)}/test`, { method: 'POST' })
}

function channelAt (name: string): string {
  return `api/channels/${encodeURIComponent(name)}`
}

export interface TelegramCode {
  code: string
  link: string
  groupLink: string
  expires: string
}

export function makeTelegramCode (signal: AbortSignal): Promise<TelegramCode> {
  return request('api/telegram/codes', { method: 'POST', signal })
}

export function readAlerts (
  params: { state?: Delivery['state'] | '', limit?: number, cursor?: string }, signal: AbortSignal
): Promise<{ alerts: Alert[], cursor?: string }> {
  return request('api/alerts', { params: { ...own(), ...params }, signal })
}
