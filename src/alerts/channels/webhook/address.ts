// Network addresses that a webhook may reach. Everything that is no public address is refused, unless it is listed.
import { BlockList, isIP } from 'node:net'

/** An address as it is reached in the end: the IPv4 address that an IPv6 address stands for, where it does. */
export interface Address {
  family: 'ipv4' | 'ipv6'
  text: string
}

/** IPv4 addresses of the special-purpose registry of IANA (RFC 6890), multicast and broadcast included. */
const specialIpv4 = [
  '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24',
  '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24',
  '224.0.0.0/4', '240.0.0.0/4'
]
/** Everything but 2000::/3, which alone is public; and Teredo and examples, which are in it. */
const specialIpv6 = ['::/3', '4000::/2', '8000::/1', '2001::/32', '2001:db8::/32']

/** A set of addresses and ranges: `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`. */
export class AddressRanges {
  // Apart, because a range of IPv6 would contain IPv4 addresses as ::ffff:0:0/96.
  readonly #ranges = { ipv4: new BlockList(), ipv6: new BlockList() }

  /** Adds an address or a range; false where the text is neither. */
  add (text: string): boolean {
    const [start = '', length, ...rest] = text.split('/')
    const address = addressOf(start)
    const maxLength = address?.family === 'ipv4' ? 32 : 128
    const bits = length === undefined ? maxLength : Number(length)
    const isLength = length === undefined || (/^\d{1,3}$/.test(length) && bits <= maxLength)
    if (!address || !isLength || rest.length > 0) return false
    this.#ranges[address.family].addSubnet(address.text, bits, address.family)
    return true
  }

  has ({ family, text }: Address): boolean {
    return this.#ranges[family].check(text, family)
  }
}

const special = new AddressRanges()
for (const range of [...specialIpv4, ...specialIpv6]) special.add(range)

export function isPublic (address: Address): boolean {
  return !special.has(address)
}

/** Reads an address; undefined for other texts, and for one with a zone, which is never public. */
export function addressOf (text: string): Address | undefined {
  const version = isIP(text)
  if (version === 4) return { family: 'ipv4', text }
  if (version !== 6 || text.includes('%')) return undefined
  const embedded = embeddedIpv4(groupsOf(text))
  return embedded === undefined ? { family: 'ipv6', text } : { family: 'ipv4', text: embedded }
}

/** The eight 16-bit groups of an IPv6 address. */
function groupsOf (text: string): number[] {
  // The parser of URLs also writes the dotted form of the last two groups in hexadecimal.
  const [left = [], right = []] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::')
    .map((part) => part.split(':').filter((group) => group !== '').map((group) => Number.parseInt(group, 16)))
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
}

/** The IPv4 address that packets to an IPv6 address end up at. */
function embeddedIpv4 ([a, b, c, d, e, f, g = 0, h = 0]: readonly number[]): string | undefined {
  const isZero = c === 0 && d === 0 && e === 0
  const isMapped = a === 0 && b === 0 && isZero && f === 0xffff
  const isTranslated = a === 0x64 && b === 0xff9b && isZero && f === 0
  if (isMapped || isTranslated) return dotted(g, h)
  return a === 0x2002 ? dotted(b ?? 0, c ?? 0) : undefined
}

function dotted (high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
