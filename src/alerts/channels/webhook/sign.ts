// Signatures by Standard Webhooks 1.0.0 (https://github.com/standard-webhooks/standard-webhooks).
import { createHmac, randomBytes } from 'node:crypto'

const prefix = 'whsec_'
/** The specification asks for 24 to 64. */
const secretBytes = 32

/** Makes a secret: `whsec_` and 32 random bytes in base64. */
export function newSecret (): string {
  return `${prefix}${randomBytes(secretBytes).toString('base64')}`
}

/** A message to sign, and the secrets: the older ones stay until all receivers know the newest. */
interface Signed {
  id: string
  body: string
  secrets: readonly string[]
}

/** The headers that prove where a message comes from; none without a secret. */
export function signatureOf ({ id, body, secrets }: Signed): Record<string, string> {
  if (secrets.length === 0) return {}
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(prefix.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}
