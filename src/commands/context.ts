import type { Readable, Writable } from 'node:stream'
import type { SettingName, Settings, SettingSource } from '../config.ts'
import type { Actor } from '../model/caller.ts'

/** Streams of a command: those of the process, or of a test. */
export interface Streams {
  stdin: Readable & { isTTY?: boolean }
  stdout: Writable & { isTTY?: boolean, hasColors? (): boolean }
  stderr: Writable
  /** The log of `serve`. Default: file descriptor 1, where a reader that disconnects does not end the server. */
  log?: Writable
}

/** Everything that a command gets beside its own arguments. */
export interface Context {
  settings: Settings
  /** Flags of settings that were given, by the flag's name. */
  flags: Record<string, string>
  /** Home folder of the user. */
  home: string
  /** Where a setting was given. */
  sourceOf (name: SettingName): SettingSource
  streams: Streams
  /** Whether standard output is coloured. */
  hasColors: boolean
  /** Prints a line on standard output, with characters that are unsafe on a terminal escaped. */
  print (line: string): void
  /** Reports a problem in one line on standard error. */
  warn (line: string): void
}

/** The caller of a command, as the audit names it. */
export const commandLine: Actor = { name: 'command line' }

/** A word as a shell reads it, whatever it contains. */
export function shellQuote (word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** URL at which a client on this machine reaches the server. */
export function urlOf (host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
