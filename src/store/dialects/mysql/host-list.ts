import type { MysqlOptions } from '../dialect.ts'

/** A server of the list in `MysqlOptions.host`. */
export interface Host {
  host: string
  port: number
}

/** Servers of a list such as `a:3306, b, [::1]:3307`, in order; a server without a port has the port of the options. */
export function listHosts ({ host: list, port = 3306 }: Pick<MysqlOptions, 'host' | 'port'>): Host[] {
  return list.split(',').map((entry) => entry.trim()).filter((entry) => entry !== '').map((entry) => {
    // A colon separates the port, unless there are several of them: an IPv6 address without brackets.
    const [, bracketed, bare, given] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? []
    return { host: bracketed ?? bare ?? entry, port: given === undefined ? port : Number(given) }
  })
}

/** Name of a server: `host:port`. */
export function nameOf ({ host, port }: Host): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
