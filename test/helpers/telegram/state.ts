import type { Chat, Person } from './chats.ts'
import { Rates } from './rates.ts'
import { Updates } from './updates.ts'

/** A press of a button. */
interface Query {
  at: number
  /** What the presser was shown; undefined: nothing yet. */
  answer: string | undefined
}

/** Everything that the fake knows. */
export class FakeState {
  readonly now: () => number
  readonly bot: Person = { id: 7_000_000_001, is_bot: true, first_name: 'LoggerBot', username: 'logger_test_bot' }
  readonly chats = new Map<number, Chat>()
  readonly queries = new Map<string, Query>()
  readonly rates: Rates
  readonly updates: Updates
  commands: unknown[] = []
  #messages = 100
  readonly #ofPeople = new Set<string>()

  constructor (now: () => number) {
    this.now = now
    this.rates = new Rates(now)
    this.updates = new Updates(now, 300_000_000)
  }

  nextMessage (): number {
    return ++this.#messages
  }

  /** The id of a message that somebody else wrote in a chat. */
  messageOfPerson (chat: number): number {
    const id = this.nextMessage()
    this.#ofPeople.add(`${chat} ${id}`)
    return id
  }

  isOfPerson (chat: number, message: number): boolean {
    return this.#ofPeople.has(`${chat} ${message}`)
  }
}
