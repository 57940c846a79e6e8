import { randomUUID } from 'node:crypto'
import { Agent, request as open, type IncomingHttpHeaders } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { body, log } from '../helpers/service.ts'
import { Ledger, messageOf, type Sent } from './ledger.ts'
import { random, randomSize } from '../helpers/random.ts'
import { until } from '../helpers/until.ts'

export interface LoadOptions {
  /** Ports of the instances. Each client uses one, and repeats some requests on another. */
  ports: number[]
  users: Array<{ name: string, token: string }>
  clients?: number
  /** The share of requests with an Idempotency-Key; each of them is sent more than once. */
  keyed?: number
  /** The share of requests with one log that the database refuses. */
  poisoned?: number
  /** How long a client waits for an answer, in ms. */
  patience?: number
  /** Logs of the largest requests. */
  largest?: number
  /** Maximum pause of a client between two requests, in ms. Default 100: more logs would only take longer to compare. */
  rest?: number
}

/** Clients that send until they are stopped, and the answers they got. */
export interface Load {
  ledger: Ledger
  counts: Counts
  /** Sends one log to each instance, until all of them are acknowledged; resolves to their ids. */
  mark (): Promise<string[]>
  /** Resolves when every open request has its answer or has timed out. */
  stop (): Promise<void>
}

export interface Counts {
  /** Requests of each client that ended, with an answer or without. */
  ended: number[]
  /** Requests with a 200, and those of them that were spooled. */
  acknowledged: number
  spooled: number
  /** Answers with another status, by status; and those of 429 and 503 without `Retry-After`. */
  refused: Record<number, number>
  withoutRetryAfter: number
  /** Requests without an answer, by the error's code. */
  unanswered: Record<string, number>
  /** Repetitions that were answered as such; and those that were not, although the first was stored in the database. */
  replayed: number
  notReplayed: number
}

interface Answer {
  status: number
  headers: IncomingHttpHeaders
}

/** Starts clients, each on its own keep-alive connection, with one open request at a time. */
export function startLoad (options: LoadOptions): Load {
  const { ports, users, clients = 16, keyed = 0.05, poisoned = 0, patience = 60_000, largest = 2500, rest = 100 } = options
  const ledger = new Ledger()
  const counts: Counts = { ended: Array.from({ length: clients }, () => 0), acknowledged: 0, spooled: 0, refused: {}, withoutRetryAfter: 0, unanswered: {}, replayed: 0, notReplayed: 0 }
  const stopping = new AbortController()
  const ended = Promise.all(Array.from({ length: clients }, (_, index) => client(index)))
  // The test learns of a failed client when it stops them.
  ended.catch(() => {})
  return {
    ledger,
    counts,
    mark: () => Promise.all(ports.map(mark)),
    async stop () {
      stopping.abort()
      await ended
    }
  }

  async function mark (port: number, index: number): Promise<string> {
    const id = `c${clients + index}-r0`
    const user = users[index % users.length]!
    const { sent, bytes } = draw(id, user.name, 1, -1)
    const agent = new Agent()
    const headers = { 'content-type': 'application/json', 'x-user-token': user.token, 'idempotency-key': randomUUID() }
    await until('a last log is acknowledged', async () => (await post(agent, port, headers, bytes, patience).catch(() => undefined))?.status === 200)
    sent.acknowledged = true
    return `${id}-l0`
  }

  async function client (index: number): Promise<void> {
    const agent = new Agent({ keepAlive: true })
    const own = ports[index % ports.length]!
    const user = users[index % users.length]!

    for (let number = 0; !stopping.signal.aborted; number++) {
      const request = draw(`c${index}-r${number}`, user.name)
      if (Math.random() >= keyed) await tell(request, own)
      else await repeat(request, own, index, number)
      counts.ended[index]!++
      if (rest > 0) await delay(random(0, rest))
    }
    agent.destroy()

    /** Sends the request once and records the answer. */
    async function tell ({ sent, bytes }: Request, port: number, key?: string): Promise<Answer | undefined> {
      const headers = { 'content-type': 'application/json', 'x-user-token': user.token, ...key !== undefined && { 'idempotency-key': key } }
      let answer
      try {
        answer = await post(agent, port, headers, bytes, patience)
      } catch (error) {
        const code = (error as { code?: string }).code ?? String(error)
        counts.unanswered[code] = (counts.unanswered[code] ?? 0) + 1
        sent.unanswered++
        // Nothing listens: without a pause, thousands of requests a second would take the processor from the service that starts.
        await (code === 'ECONNREFUSED' ? delay(random(100, 400)) : delay(random(10, 40)))
        return undefined
      }
      if (answer.status === 200) {
        if (!sent.acknowledged) counts.acknowledged++
        sent.acknowledged = true
        if (answer.headers['x-log-stored'] === 'spool') counts.spooled++
        if (answer.headers['idempotency-replayed'] === 'true') counts.replayed++
        return answer
      }
      sent.refused++
      counts.refused[answer.status] = (counts.refused[answer.status] ?? 0) + 1
      if ((answer.status === 429 || answer.status === 503) && answer.headers['retry-after'] === undefined) counts.withoutRetryAfter++
      await delay(random(20, 100))
      return answer
    }

    /** Repeats a request as careful clients do, and as careless ones do. */
    async function repeat (request: Request, own: number, index: number, number: number): Promise<void> {
      const key = randomUUID()
      const other = ports[random(0, ports.length - 1)]!
      if (Math.random() < 0.3) {
        // Both at once: neither instance can know of the other request.
        await Promise.all([tell(request, own, key), tell(request, other, key)])
        return
      }
      let first = await tell(request, own, key)
      for (let tries = 0; first?.status !== 200 && tries < 5 && !stopping.signal.aborted; tries++) first = await tell(request, tries % 2 ? own : other, key)
      if (first?.status !== 200) return
      const second = await tell(request, other, key)
      const direct = [first, second].every((answer) => answer?.status === 200 && answer.headers['x-log-stored'] === undefined)
      if (direct && second!.headers['idempotency-replayed'] !== 'true') counts.notReplayed++
      // The same key with another body: this is another request.
      if (Math.random() < 0.2) await tell(draw(`c${index}-r${number}000000`, user.name), other, key)
    }
  }

  interface Request {
    sent: Sent
    bytes: Buffer
  }

  function draw (id: string, user: string, size = drawSize(largest), poisonous = Math.random() < poisoned ? random(0, size - 1) : -1): Request {
    const logs = Array.from({ length: size }, (_, i) => log({ msg: messageOf(`${id}-l${i}`, i === poisonous), event_at: timeOf(id) }))
    return { sent: ledger.open(id, size), bytes: Buffer.from(JSON.stringify(body(user, logs))) }
  }
}

/** All logs of a request have one time; the times of requests span ten hours. */
function timeOf (id: string): string {
  const minute = Number(/r(\d+)/.exec(id)![1]) % 600
  return `2020-05-05T0${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}:22+00:00`
}

/** Most requests are small; a few hold more logs than fit into a transaction. */
function drawSize (largest: number): number {
  const kind = Math.random()
  if (kind < 0.5) return 1
  if (kind < 0.99) return randomSize(2, Math.min(largest, 60))
  return randomSize(Math.min(largest, 60), largest)
}

/** Resolves with the head of the answer: a 200 counts from then on, even if its body never arrives. */
function post (agent: Agent, port: number, headers: Record<string, string>, bytes: Buffer, patience: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let answer: Answer | undefined
    const outgoing = open({ host: '127.0.0.1', port, method: 'POST', path: '/send_logs', agent, headers: { ...headers, 'content-length': bytes.length } }, (incoming) => {
      answer = { status: incoming.statusCode!, headers: incoming.headers }
      // The connection is free for the next request only after the body.
      incoming.on('error', () => {}).on('close', () => settle()).resume()
    })
    const timer = setTimeout(() => outgoing.destroy(Object.assign(new Error('no answer'), { code: 'PATIENCE' })), patience)
    outgoing.on('error', settle)
    outgoing.end(bytes)

    function settle (error?: Error): void {
      clearTimeout(timer)
      if (answer) resolve(answer)
      else reject(error ?? new Error('closed'))
    }
  })
}
