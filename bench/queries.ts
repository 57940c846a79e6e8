import { wanted, type History } from './history.ts'

/** One thing that a reader asks for, over HTTP and as plain SQL. */
export interface Query {
  what: string
  path: string
  /** As the API key, which sees everybody's. */
  everybody?: boolean
  sql: string
  /** What it should take, in milliseconds: the 99th percentile of those that are asked often, the median of the others. */
  goal: number
  often?: boolean
  /** What to look for in the file. */
  grep?: string
}

const day = 86_400_000

/** What is measured. SQL that both databases understand, with the service's own columns. */
export function queriesOf ({ from, to }: History, dialect: { hour: string, holds: (text: string) => string }): Query[] {
  const columns = 'id, user_id, log_event_at, log_level, pid, p_name, p_description, log_msg, post_time, attributes'
  const newest = 'ORDER BY user_id DESC, log_event_at DESC, id DESC LIMIT 100'
  const time = (at: number) => `'${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}.000000'`
  const since = (at: number) => `user_id = 1 AND log_event_at >= ${time(at)}`
  const within = (from: number, to: number) => `${since(from)} AND log_event_at < ${time(to)}`
  const page = (where: string) => `SELECT ${columns} FROM user_logs WHERE ${where} ${newest}`
  const everybodys = (text: string) => `SELECT ${columns} FROM user_logs WHERE ${dialect.holds(text)} ORDER BY log_event_at DESC, id DESC LIMIT 100`
  const histogram = (from: number) => `SELECT ${dialect.hour} AS hour, log_level, COUNT(*) FROM user_logs WHERE ${within(from, to)} GROUP BY 1, 2`
  const path = (what: string, parameters: Record<string, string | number>) => `/api/logs${what}?${new URLSearchParams(Object.entries(parameters).map(([name, value]): [string, string] =>
    [name, typeof value === 'number' ? new Date(value).toISOString() : value]))}`
  const middle = from + (to - from) / 2
  const month = to - 30 * day
  const piece = `*${wanted.piece}*`

  return [
    { what: 'newest 100 of a user', path: path('', {}), sql: page('user_id = 1'), goal: 10, often: true },
    { what: 'a page from the middle of history', path: path('', { to: middle }), sql: page(within(from, middle)), goal: 10, often: true },
    { what: 'the oldest 100', path: path('', { order: 'oldest' }), sql: `SELECT ${columns} FROM user_logs WHERE user_id = 1 ORDER BY user_id, log_event_at, id LIMIT 100`, goal: 10, often: true },
    { what: 'errors of the last 24 h, newest 100', path: path('', { query: 'level:>=error', from: to - day, to }), sql: page(`${within(to - day, to)} AND log_level IN ('error', 'critical')`), goal: 10, often: true },
    { what: 'first 100 matches of a common word', path: path('', { query: wanted.common }), sql: page(`user_id = 1 AND ${dialect.holds(wanted.common)}`), goal: 20, often: true, grep: wanted.common },
    { what: "one user's day searched for a piece of a word", path: path('', { query: piece, from: to - day, to }), sql: page(`${within(to - day, to)} AND ${dialect.holds(wanted.piece)}`), goal: 50 },
    { what: 'histogram by hour and level, 7 days', path: path('/histogram', { interval: '1h', by: 'level', from: to - 7 * day, to }), sql: histogram(to - 7 * day), goal: 150 },
    { what: 'histogram by hour and level, 30 days', path: path('/histogram', { interval: '1h', by: 'level', from: month, to }), sql: histogram(month), goal: 50 },
    { what: 'a piece of a word, 30 days of a user', path: path('', { query: piece, from: month, to }), sql: page(`${within(month, to)} AND ${dialect.holds(wanted.piece)}`), goal: 830 },
    { what: 'a piece of a word, all rows of everybody', path: path('', { query: piece }), sql: everybodys(wanted.piece), everybody: true, goal: 4900, grep: wanted.piece },
    { what: 'a rare word, 30 days of a user', path: path('', { query: wanted.rare, from: month, to }), sql: page(`${within(month, to)} AND ${dialect.holds(wanted.rare)}`), goal: 300 },
    { what: 'a rare word, all rows of everybody', path: path('', { query: wanted.rare }), sql: everybodys(wanted.rare), everybody: true, goal: 300, grep: wanted.rare },
    { what: 'a word that nobody said, all rows', path: path('', { query: 'xylophone7' }), sql: everybodys('xylophone7'), everybody: true, goal: 300, grep: 'xylophone7' }
  ]
}
