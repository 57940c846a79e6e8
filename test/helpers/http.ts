import { Agent, request, type IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** Sends an HTTP request with its path byte for byte; `fetch` would normalize `//send_logs`. */
export async function http (port: number, method: string, path: string, headers: Record<string, string> = {}, body?: string | Buffer, agent?: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: agent ?? false }, (incoming) => {
      text(incoming).then((body) => resolve({ status: incoming.statusCode!, headers: incoming.headers, body }), reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Posts a value as JSON, or a text or bytes as they are. */
export function post (port: number, path: string, body: unknown, headers: Record<string, string> = {}, agent?: Agent): Promise<Answer> {
  const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  return http(port, 'POST', path, { 'content-type': 'application/json', ...headers }, bytes, agent)
}
