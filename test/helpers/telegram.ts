// A Bot API server for tests, as strict as Telegram's own: it refuses what Telegram refuses, with the same words.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { Chat, type ChatState, type Person, type SentMessage } from './telegram/chats.ts'
import { Faults, type Fault, type FaultKind } from './telegram/faults.ts'
import { methods, present } from './telegram/methods.ts'
import { readParameters, type Parameters } from './telegram/parameters.ts'
import { Refusal } from './telegram/refusal.ts'
import { FakeState } from './telegram/state.ts'
import { until } from './until.ts'

export type { Chat, Person, SentMessage } from './telegram/chats.ts'

/** A call of the bot, and the status of its answer; 0: it got none. */
export interface Call {
  method: string
  parameters: Parameters
  status: number
}

export class FakeTelegram {
  readonly token = '7000000001:AAfakeTokenOfTheTests_0123456789abc'
  readonly calls: Call[] = []
  readonly #state: FakeState
  readonly #faults = new Faults()
  readonly #server: Server
  #port = 0
  #passedMs = 0

  /** `now`: the clock, in ms since 1970. Default: this machine's. */
  constructor (now: () => number = Date.now) {
    this.#state = new FakeState(() => now() + this.#passedMs)
    // Only clients end idle connections: a process that is held up must not write to one that was just ended.
    this.#server = createServer({ keepAliveTimeout: 0 }, (request, response) => { this.#answer(request, response).catch(() => response.destroy()) })
  }

  /** Starts a server on a free port; it closes when the test ends. */
  static async start (t: Test, now?: () => number): Promise<FakeTelegram> {
    const telegram = new FakeTelegram(now)
    await telegram.listen()
    t.teardown(() => telegram.refuse())
    return telegram
  }

  get root (): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get bot (): Person {
    return this.#state.bot
  }

  get commands (): unknown[] {
    return this.#state.commands
  }

  /** Ids of the updates that the bot has not confirmed. */
  get unconfirmed (): number[] {
    return this.#state.updates.unconfirmed
  }

  /** Whether the bot waits for an update. */
  get polls (): boolean {
    return this.#state.updates.isAwaited
  }

  async listen (): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Refuses connections, until `listen`. */
  async refuse (): Promise<void> {
    if (!this.#server.listening) return
    this.#faults.releaseAll()
    this.#state.updates.endPoll()
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
    // A client in this process has seen the end of its connections.
    await delay(20)
  }

  /** Moves the clock of the fake forward. */
  pass (ms: number): void {
    this.#passedMs += ms
  }

  /** The next call, of this method if one is given, goes wrong. */
  fail (kind: FaultKind, method?: string): Fault {
    return this.#faults.add(kind, method)
  }

  /** A person, who has not started the bot. */
  person (id: number, name = `Person ${id}`, username?: string): Person {
    this.#state.chats.set(id, new Chat({ id, type: 'private', title: name, username }))
    return { id, is_bot: false, first_name: name, ...username !== undefined && { username } }
  }

  /** A group with the bot in it; with topics it is a forum. */
  group (id: number, title = `Group ${id}`, topics?: readonly number[]): Chat {
    const chat = new Chat({ id, type: topics ? 'supergroup' : 'group', title, topics })
    this.#state.chats.set(id, chat)
    return chat
  }

  chat (id: number): Chat {
    const chat = this.#state.chats.get(id)
    if (!chat) throw new Error(`there is no chat ${id}`)
    return chat
  }

  setState (id: number, state: ChatState): void {
    this.chat(id).state = state
  }

  /** Messages of the bot in a chat, each with all its versions. */
  transcript (id: number): SentMessage[] {
    return this.chat(id).messages
  }

  /** Texts of the messages in a chat, as they are now. */
  texts (id: number): string[] {
    return this.transcript(id).map(({ versions }) => versions.at(-1)!.text)
  }

  /** A person writes in a chat, by default to the bot; their first message there starts it. Resolves to its update. */
  say (from: Person, text: string, { chat: id = from.id, thread }: { chat?: number, thread?: number } = {}): number {
    const chat = this.chat(id)
    if (chat.state === 'strange' || chat.state === 'blocked') chat.state = 'ok'
    return this.#push(chat, { from, text, ...thread !== undefined && { message_thread_id: thread, is_topic_message: true }, ...commandOf(text) })
  }

  /** Makes a group a supergroup with another id, and tells the bot. */
  migrate (id: number, to: number, { tells = true } = {}): Chat {
    const group = this.chat(id)
    const chat = new Chat({ id: to, type: 'supergroup', title: group.title })
    this.#state.chats.set(to, chat)
    group.movedTo = to
    if (tells) {
      this.#push(group, { from: this.bot, migrate_to_chat_id: to })
      this.#push(chat, { from: this.bot, migrate_from_chat_id: id })
    }
    return chat
  }

  /** A person presses a button, or sends its data without one; gives the id of the query. */
  press (from: Person, chatId: number, messageId: number, data: string): string {
    const chat = this.chat(chatId)
    const message = chat.messages.find(({ id }) => id === messageId)
    const id = String(9_000_000_000_000 + this.#state.queries.size)
    this.#state.queries.set(id, { at: this.#state.now(), answer: undefined })
    const shown = message ? present(this.#state, chat, message) : { message_id: messageId, date: 0, chat: chat.present() }
    this.#state.updates.push({ callback_query: { id, from, chat_instance: String(chatId), data, message: shown } })
    return id
  }

  /** What the presser of a button is shown, once the bot answers. */
  async answerTo (query: string): Promise<string> {
    return (await until('the bot answers', () => this.#state.queries.get(query)?.answer !== undefined && { answer: this.#state.queries.get(query)!.answer! })).answer
  }

  /** After a week without updates their ids go on anywhere. */
  restartUpdateIds (next: number): void {
    this.#state.updates.restartIds(next)
  }

  #push (chat: Chat, message: object): number {
    const sent = { message_id: this.#state.messageOfPerson(chat.id), date: Math.floor(this.#state.now() / 1000), chat: chat.present() }
    return this.#state.updates.push({ message: { ...sent, ...message } })
  }

  async #answer (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    const url = new URL(request.url ?? '/', this.root)
    const [, token, method = ''] = /^\/bot([^/]+)\/(\w+)$/.exec(url.pathname) ?? []
    const fault = token === this.token ? this.#faults.take(method) : undefined
    const call: Call = { method, parameters: {}, status: 0 }
    this.calls.push(call)
    if (fault?.kind === 'neverAnswered') return
    if (fault?.kind === 'reset') return resetConnection(request)
    if (fault?.kind === 'badGateway') return sendHtml(response, call)
    if (fault?.kind === 'slow') await fault.released
    const answer = await this.#run(token, method, async () => {
      call.parameters = await readParameters(url, request.headers['content-type'], body)
      return call.parameters
    })
    if (fault?.kind === 'deliveredThenReset') return resetConnection(request)
    if (fault?.kind === 'deliveredThen5xx') return send(response, call, { ok: false, error_code: 500, description: 'Internal Server Error' })
    if (fault?.kind === 'halfAnswer') return sendHalf(response, answer)
    send(response, call, answer)
  }

  async #run (token: string | undefined, method: string, parameters: () => Promise<Parameters>): Promise<ApiAnswer> {
    try {
      if (token === undefined || !/^\d+:[\w-]{35}$/.test(token)) throw new Refusal(404, 'Not Found')
      if (token !== this.token) throw new Refusal(401, 'Unauthorized')
      const run = methods[method]
      if (!run) throw new Refusal(404, 'Not Found')
      return { ok: true, result: await run(this.#state, await parameters()) }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { ok: false, error_code: error.code, description: error.message, ...error.parameters && { parameters: error.parameters } }
    }
  }
}

type ApiAnswer = { ok: true, result: unknown } | { ok: false, error_code: number, description: string, parameters?: object }

/** The command that a text begins with, as Telegram marks it. */
function commandOf (text: string): object {
  const [command] = /^\/\w+(@\w+)?/.exec(text) ?? []
  return command === undefined ? {} : { entities: [{ type: 'bot_command', offset: 0, length: command.length }] }
}

function send (response: ServerResponse, call: Call, answer: ApiAnswer): void {
  call.status = answer.ok ? 200 : answer.error_code
  response.writeHead(call.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
}

function resetConnection ({ socket }: IncomingMessage): void {
  socket.resetAndDestroy()
}

function sendHtml (response: ServerResponse, call: Call): void {
  call.status = 502
  response.writeHead(502, { 'content-type': 'text/html' }).end('<html><body><h1>502 Bad Gateway</h1></body></html>')
}

function sendHalf (response: ServerResponse, answer: ApiAnswer): void {
  const text = JSON.stringify(answer)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.write(text.slice(0, text.length / 2), () => response.destroy())
}
