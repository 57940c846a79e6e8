import type { Readable, Writable } from 'node:stream'
import type { ParseArgsConfig } from 'node:util'
import type { SettingName, Settings, SettingSource } from '../config.ts'

/** Where a command reads and writes: `process`, or streams of a test. */
export interface Streams {
  stdin: Readable & { isTTY?: boolean }
  stdout: Writable & { isTTY?: boolean, hasColors? (): boolean }
  stderr: Writable
  /** The log of `serve`. Default: file descriptor 1, where a reader that goes away does not end the server. */
  log?: Writable
}

/** What was given beside the settings. */
export interface Given {
  positionals: string[]
  /** The further words, with a space between. */
  rest: string
  /** The settings' flags as they were given, by the flag's name. */
  flags: Record<string, string>
  /** The command's own flags. */
  options: Record<string, string | boolean | undefined>
  /** The user's home folder. */
  home: string
  /** Where a setting was given. */
  sourceOf (name: SettingName): SettingSource
  streams: Streams
  /** Prints a line for the user; what is unsafe on a terminal is spelled out. */
  print (line: string): void
  /** Tells on standard error, in one line, what goes wrong. */
  warn (line: string): void
}

/** One command of `loggerbot`. */
export interface Command {
  /** One line, for the list of commands. */
  summary: string
  /** What --help says beside the summary and the flags. */
  details?: string
  /** The names of what follows the command, each of them required. */
  positionals?: string[]
  /** What any number of further words are, which are taken as one text. */
  rest?: string
  /** Its own flags, with what --help says of them. The settings' flags go with every command. */
  options?: Record<string, NonNullable<ParseArgsConfig['options']>[string] & { description: string }>
  /** Where a flag means another setting than elsewhere. */
  flags?: Record<string, SettingName>
  run (settings: Settings, given: Given): Promise<void>
}

/** A word as a shell takes it, whatever is in it. */
export function shellQuote (word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** Where a client on this machine reaches the server. */
export function urlOf (host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
