import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { http, post } from '../test/helpers/http.ts'
import { FakeTelegram } from '../test/helpers/telegram.ts'
import type { Service } from './service.ts'

export const rulesOfUser = 100

/** The time, in milliseconds since 1970, by the monotonic clock. */
export const exactNow = (): number => performance.timeOrigin + performance.now()

/** What alerts go to: a receiver of webhooks and the fake of Telegram, in the process of the benchmark. */
export class AlertTargets {
  readonly telegram = new FakeTelegram(exactNow)
  /** Titles of alerts by the time at which their webhook came. */
  readonly titles = new Map<string, number>()
  readonly #server: Server
  #url = ''

  private constructor () {
    this.#server = createServer((request, response) => {
      const at = exactNow()
      text(request).then((body) => {
        response.end()
        const { data } = JSON.parse(body)
        for (const { title } of [data, ...data.alerts]) if (!this.titles.has(title)) this.titles.set(title, at)
      }, () => response.destroy())
    })
  }

  static async start (): Promise<AlertTargets> {
    const targets = new AlertTargets()
    await targets.telegram.listen()
    targets.#server.listen(0, '127.0.0.1')
    await once(targets.#server, 'listening')
    targets.#url = `http://127.0.0.1:${(targets.#server.address() as AddressInfo).port}/`
    return targets
  }

  /** Settings of a service that sends to them. */
  get environment (): Record<string, string> {
    return {
      LOGGER_ALERT_TARGETS: '127.0.0.1',
      LOGGER_TELEGRAM_API: this.telegram.root,
      LOGGER_TELEGRAM_TOKEN: this.telegram.token
    }
  }

  /** Gives a user a webhook, and with it the rule `New errors`. */
  async addWebhook (service: Service, user: string): Promise<void> {
    await make(service, user, '/api/channels', { name: 'receiver', url: this.#url })
  }

  /** Links the chat with the id `chat` to a user. */
  async linkChat (service: Service, user: string, chat: number): Promise<void> {
    const { code } = await make(service, user, '/api/telegram/codes', {})
    this.telegram.say(this.telegram.person(chat), `/start ${code}`)
    while (!this.telegram.texts(chat).length) await delay(20)
  }

  /** When a chat got a message with this text; undefined if it did not. */
  arrivedInChat (chat: number, wanted: string): number | undefined {
    const first = this.telegram.transcript(chat).flatMap(({ versions }) => versions.slice(0, 1))
    return first.find(({ text }) => text.includes(wanted))?.at
  }

  async stop (): Promise<void> {
    await this.telegram.refuse()
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

/**
 * Gives a user who has a channel 100 rules, such as people write: most look at errors, some at warnings or at one
 * process, and ten at every log.
 */
export async function addRules (service: Service, user: string): Promise<void> {
  const words = ['payments', 'timeout', 'checkout', 'mq.internal', 'deadlock', 'certificate', 'quota', 'refused', 'panic', 'gateway']
  // The first rule came with the channel.
  for (let index = 1; index < rulesOfUser; index++) {
    const word = words[index % words.length]
    const kinds = [
      { kind: 'match', settings: { query: `level:error ${word} ${index}` } },
      { kind: 'count', settings: { query: `level:>=error ${word}`, moreThan: 1000 + index, withinSeconds: 300 } },
      { kind: 'count', settings: { query: `level:>=error ${word}`, moreThan: 1000 + index, withinSeconds: 60, by: 'process' } },
      { kind: 'group', settings: { query: `${word}` } },
      { kind: 'match', settings: { query: `level:critical "${word} failed"` } },
      { kind: 'group', settings: { query: `process:ingest ${word}` } },
      { kind: 'count', settings: { query: `level:warning ${word}`, moreThan: 5000, withinSeconds: 600 } },
      { kind: 'silence', settings: { query: `process:nightly-backup ${word}`, everySeconds: 86_400 } },
      { kind: 'match', settings: { query: `level:error process:celery* ${word}` } },
      { kind: 'count', settings: { query: `"${word} never happens"`, moreThan: 100, withinSeconds: 60 } }
    ]
    await make(service, user, '/api/rules', { name: `rule ${index}`, ...kinds[Math.floor(index / 10)] })
  }
}

/** Delay of the groups and rules behind what is stored, in seconds; 0 on an instance that does not follow. */
export async function lagOf ({ port }: Service): Promise<number> {
  const { body } = await http(port, 'GET', '/metrics')
  return Number(/^loggerbot_alerts_behind_seconds (\S+)/m.exec(body)?.[1] ?? 0)
}

async function make ({ port }: Service, user: string, path: string, body: object) {
  const authorization = `Basic ${Buffer.from(`${user}:password`).toString('base64')}`
  const answer = await post(port, path, body, { authorization })
  if (answer.status !== 201) throw new Error(`${path} answered ${answer.status}: ${answer.body}`)
  return JSON.parse(answer.body)
}
