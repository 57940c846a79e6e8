import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mysql } from '../test/helpers/servers.ts'
import { pick, seeded, whole, type Random } from '../test/helpers/random.ts'
import type { LabelledLog } from './grouping-score.ts'

/** Samples of https://github.com/logpai/loghub with their labels. Their license keeps them out of this repository. */
export const loghubFolder = fileURLToPath(new URL('../../shared/loghub', import.meta.url))

/** Labelled logs by the name of the system; none where the samples are missing. */
export function readLoghub (): Record<string, LabelledLog[]> {
  if (!existsSync(loghubFolder)) return {}
  const files = readdirSync(loghubFolder).filter((file) => file.endsWith('_2k.log_structured.csv')).sort()
  return Object.fromEntries(files.map((file) => {
    const [names = [], ...rows] = readCsv(readFileSync(join(loghubFolder, file), 'utf8'))
    const [content, label] = [names.indexOf('Content'), names.indexOf('EventId')]
    return [file.split('_')[0], rows.map((row) => ({ message: row[content]!, label: row[label]! }))]
  }))
}

/** Rows of a CSV file, RFC 4180. */
function readCsv (text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (const [whole, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    if (whole === '' && row.length === 0) break
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}

/** Formats of the error messages of a database server, by language. */
export function readErrorFormats (folder: string): Record<string, string[]> {
  if (!existsSync(folder)) return {}
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name, 'errmsg.sys'))
    .filter((file) => existsSync(file))
  return Object.fromEntries(files.map((file) => [basename(dirname(file)), formatsOf(readFileSync(file))]))
}

/**
 * Texts of an errmsg.sys: a header of 32 bytes with the length of all texts at byte 6, in the end the texts, each
 * ended by NUL.
 */
function formatsOf (file: Buffer): string[] {
  const texts = file.subarray(file.length - file.readUInt32LE(6)).toString('utf8').split('\0')
  return [...new Set(texts.map((text) => text.trim()).filter((text) => text !== ''))]
}

/** Conversions of printf, with those of the servers: `` %`s `` in backquotes, `%T` cut, `%M` an error's number and text. */
const conversion = /%(?:\d+\$)?([-+ #0`]*)(?:\*|\d+)?(?:\.(?:\*|\d+)?)?(?:hh?|ll?|z|j|t)?([diuxXcsSfgepMTP%])/g
/** Before a number that tells errors apart, which is kept on purpose: it belongs to the statement. */
const beforeCode = /(?:errno|error|code|status|signal|sqlstate|returned|exit)[:=#([ '"]*$/i

const values: Array<(random: Random) => string> = [
  (random) => `${pick(random, ['tbl', 'ord', 'user', 'idx', 'job'])}${pick(random, ['_', '-'])}${whole(random, 1e6)}`,
  (random) => `/var/lib/${pick(random, ['mysql', 'app', 'data'])}/${hex(random, 6)}/${pick(random, ['ibdata1', 'x.frm', 'binlog.000017'])}`,
  (random) => Array.from({ length: 4 }, () => whole(random, 256)).join('.') + pick(random, ['', `:${1024 + whole(random, 60_000)}`]),
  (random) => [8, 4, 4, 4, 12].map((length) => hex(random, length)).join('-'),
  (random) => `${pick(random, ['anna', 'bob', 'chloe'])}${whole(random, 100)}@${pick(random, ['example.com', 'mail.example.org'])}`,
  (random) => `0x${hex(random, 12)}`
]
const hex = (random: Random, length: number) => Array.from({ length }, () => whole(random, 16).toString(16)).join('')

/** Each format filled with values six times, from a seed: ids, paths, addresses, UUIDs, mail addresses, hexadecimal. */
export function fill (formats: readonly string[]): LabelledLog[] {
  const random = seeded(17)
  return formats.flatMap((format) => Array.from({ length: 6 }, () => ({ message: filled(format, random), label: format })))
}

function filled (format: string, random: Random): string {
  return format.replaceAll(conversion, (_, flags: string, type: string, at: number) => {
    const isCode = beforeCode.test(format.slice(Math.max(0, at - 20), at))
    if (type === '%') return '%'
    if (type === 'M') return '13 "Permission denied"'
    if (/[diuxX]/.test(type)) return isCode ? String(format.length) : String(whole(random, 10 ** (1 + whole(random, 8))))
    if (/[fge]/.test(type)) return (random() * 1000).toFixed(2)
    const value = pick(random, values)(random)
    return flags.includes('`') ? `\`${value}\`` : value
  })
}

/** Folders with the errmsg.sys of a server, by its name. */
export const errorFolders = {
  MariaDB: '/usr/share/mysql',
  MySQL: join(dirname(dirname(dirname(mysql.command[0]))), 'usr/share/mysql')
}
