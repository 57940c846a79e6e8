// Compares the answers that clients got with the tables of the database.
//
// Every message begins with the log's id, `c3-r17-l2`: client 3, request 17, log 2. The rest of the message follows from
// the id, so an altered message is noticed, too.
import type { Knex } from 'knex'

/** A request as its client knows it. */
export interface Sent {
  /** Number of its logs. */
  readonly size: number
  /** Whether any of its answers was 200. */
  acknowledged: boolean
  /** Number of its answers other than 200, which say that nothing was stored. */
  refused: number
  /** How often no answer came. */
  unanswered: number
}

/** Violations in the tables; each must be 0. */
export interface Findings {
  /** Logs acknowledged, but neither stored nor among the dead letters. */
  lost: number
  /** Logs that are stored more than once. */
  duplicate: number
  /** Requests that are stored in part. */
  partial: number
  /** Requests with logs that are not in the order sent. */
  disordered: number
  /** Logs with an altered message, or that no client sent. */
  altered: number
  /** Requests that are stored, although every answer was a refusal. */
  refusedYetStored: number
}

export interface Compared extends Findings {
  /** Logs in the table, and among the dead letters. */
  stored: number
  dead: number
  /** The first few ids of each finding. */
  examples: Partial<Record<keyof Findings, string[]>>
}

/** Marks a log for a database that is set up to refuse it. */
export const poison = 'poison'

/** Finds the id of a log anywhere in a text. */
export const idPattern = /c\d+-r\d+-l\d+/g

/** A message that begins with its id. */
export function messageOf (id: string, poisonous = false): string {
  if (poisonous) return `${id} ${poison}`
  const hash = hashOf(id)
  // Some messages are longer than a packet, a page or a buffer.
  return `${id} ${String.fromCharCode(97 + hash % 26).repeat(hash % 5000 === 0 ? 70_000 : hash % 150)}`
}

function hashOf (text: string): number {
  let hash = 7
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) >>> 0
  return (hash ^ hash >>> 15) >>> 0
}

export class Ledger {
  readonly #sent: Map<string, Sent>

  constructor (sent: Iterable<[string, Sent]> = []) {
    this.#sent = new Map(sent)
  }

  /** Records a request before it is sent. */
  open (request: string, size: number): Sent {
    const sent = { size, acknowledged: false, refused: 0, unanswered: 0 }
    this.#sent.set(request, sent)
    return sent
  }

  /** Copies the current state. */
  snapshot (): Ledger {
    return new Ledger([...this.#sent].map(([request, sent]) => [request, { ...sent }]))
  }

  /** Number of acknowledged logs. */
  get acknowledgedLogs (): number {
    return [...this.#sent.values()].reduce((sum, { acknowledged, size }) => sum + (acknowledged ? size : 0), 0)
  }

  /** A sample of the requests: the first, the last, and a few in between. */
  sample (): string[] {
    const requests = [...this.#sent.keys()]
    return [0, 0.3, 0.7, 1].flatMap((share) => requests[Math.floor(share * (requests.length - 1))] ?? [])
  }

  /** Compares the whole table and the dead letters with the acknowledged logs. */
  async compare (knex: Knex): Promise<Compared> {
    const found = new Map<string, Found>()
    const compared: Compared = { lost: 0, duplicate: 0, partial: 0, disordered: 0, altered: 0, refusedYetStored: 0, stored: 0, dead: 0, examples: {} }
    const note = (finding: keyof Findings, id: string, count = 1) => {
      compared[finding] += count
      const examples = compared.examples[finding] ??= []
      if (examples.length < 5) examples.push(id)
    }
    /** Counts this log for its request. */
    const find = (id: string): { logs: Found, index: number } | undefined => {
      const end = id.lastIndexOf('-l')
      const request = id.slice(0, end)
      const index = Number(id.slice(end + 2))
      const sent = this.#sent.get(request)
      if (!sent || index >= sent.size) return undefined
      let logs = found.get(request)
      if (!logs) found.set(request, logs = { seen: new Uint8Array(sent.size), last: -1, disordered: false })
      if (++logs.seen[index]! > 1) note('duplicate', id)
      return { logs, index }
    }

    for await (const message of messagesOf(knex)) {
      compared.stored++
      const id = message.match(idPattern)?.[0] ?? ''
      const place = message === messageOf(id) || message === messageOf(id, true) ? find(id) : undefined
      if (!place) {
        note('altered', message.slice(0, 100))
        continue
      }
      const { logs, index } = place
      if (index < logs.last && !logs.disordered) {
        logs.disordered = true
        note('disordered', id)
      }
      logs.last = index
    }
    for (const id of await deadLetters(knex)) {
      compared.dead++
      if (!find(id)) note('altered', id)
    }

    for (const [request, { size, acknowledged, refused, unanswered }] of this.#sent) {
      const missing = size - (found.get(request)?.seen.reduce((sum, count) => sum + Math.min(count, 1), 0) ?? 0)
      if (acknowledged && missing > 0) note('lost', request, missing)
      if (missing > 0 && missing < size) note('partial', request)
      if (!acknowledged && refused > 0 && unanswered === 0 && missing < size) note('refusedYetStored', request)
    }
    return compared
  }
}

interface Found {
  /** For each log of the request, how often it is stored. */
  seen: Uint8Array
  last: number
  disordered: boolean
}

/** All messages, in the order of the contract. */
export async function * messagesOf (knex: Knex): AsyncGenerator<string> {
  // If a disk lost data, even the table may be missing.
  if (!await knex.schema.hasTable('user_logs')) return
  const rows = knex('user_logs').select('log_msg').orderBy(['user_id', 'log_event_at', 'id'])
  // better-sqlite3 has no streams; the rows of an SQLite scenario fit into memory.
  const all = knex.client.driverName.startsWith('mysql') ? rows.stream() : await rows
  for await (const row of all) yield row.log_msg
}

/** The ids anywhere in a dead letter, in any column. */
async function deadLetters (knex: Knex): Promise<string[]> {
  if (!await knex.schema.hasTable('dead_letters')) return []
  const rows: Array<Record<string, unknown>> = await knex('dead_letters')
  return rows.flatMap((row) => {
    const texts = Object.values(row).map((value) => Buffer.isBuffer(value) ? value.toString() : typeof value === 'object' ? JSON.stringify(value) : String(value))
    return [...new Set(texts.join('\n').match(idPattern))]
  })
}
