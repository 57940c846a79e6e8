// The guard of webhooks: users give their addresses, and the server must not become a way into its own network.
import { lookup } from 'node:dns/promises'
import { BadRequest } from '../../../errors.ts'
import type { NotDelivered } from '../channel.ts'
import type { FailureCause } from '../failures.ts'
import { addressOf, AddressRanges, isPublic } from './address.ts'

/** Resolves a name to its addresses. */
export type Resolve = (name: string) => Promise<string[]>

/** The server may not send to this target. The message holds no secret. */
export class TargetRefused extends Error {
  readonly then: NotDelivered
  override readonly cause: FailureCause

  constructor (reason: string, then: NotDelivered, cause: FailureCause = 'send.address-forbidden') {
    super(reason)
    this.then = then
    this.cause = cause
  }
}

/** Characters of a URL. */
const maxUrlLength = 2000

/** Reads the URL of a target. Throws BadRequest for field `url`; its message quotes nothing. */
export function readUrl (text: string): URL {
  const url = text.length <= maxUrlLength && URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw refusal(`url must begin with http:// or https:// and have at most ${maxUrlLength} characters`)
  }
  if (url.username !== '' || url.password !== '') throw refusal('url must not contain a user or a password')
  return url
}

function refusal (detail: string): BadRequest {
  return new BadRequest(detail, { rule: 'parameter.pattern', field: 'url' })
}

/** Finds the addresses that a request to a target may connect to. */
export class TargetGuard {
  readonly #names = new Set<string>()
  readonly #ranges = new AddressRanges()
  readonly #resolve: Resolve

  /**
   * `allowed` lists what may be reached beside public addresses: names of hosts, addresses and ranges, such as
   * `127.0.0.1`, `10.0.0.0/8` or `chat.example`. Throws RangeError for anything else.
   */
  constructor (allowed: readonly string[], resolve: Resolve = resolveName) {
    for (const entry of allowed) {
      if (this.#ranges.add(entry)) continue
      if (!/^(?!.*\.\.)[a-z0-9_-][a-z0-9_.-]*$/i.test(entry) || /^[\d.]+$/.test(entry)) throw new RangeError(entry)
      this.#names.add(entry.toLowerCase())
    }
    this.#resolve = resolve
  }

  /**
   * Resolves to the addresses of a host. The request must connect to one of them, not to the name: that could have
   * other addresses by then. Rejects with TargetRefused if one is not allowed, or with the error of the resolver.
   */
  async addressesOf ({ hostname }: URL): Promise<string[]> {
    // The parser of URLs has made addresses of numbers such as 2130706433 or 0177.0.0.1.
    const host = hostname.replace(/^\[|\]$|\.$/g, '')
    if (addressOf(host)) {
      if (!this.#isAllowed(host)) throw new TargetRefused('the server may not send to this address', 'broken')
      return [host]
    }
    const addresses = await this.#resolve(host)
    if (addresses.length === 0) {
      throw new TargetRefused('the name of the host has no address', 'wait', 'send.unreachable')
    }
    if (!this.#names.has(host) && !addresses.every((address) => this.#isAllowed(address))) {
      throw new TargetRefused('the server may not send to an address of this host', 'pause')
    }
    return addresses
  }

  #isAllowed (text: string): boolean {
    const address = addressOf(text)
    return address !== undefined && (this.#ranges.has(address) || isPublic(address))
  }
}

async function resolveName (name: string): Promise<string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address)
}
