import { counterOf } from '../counter.ts'

const newLogs = counterOf('en', { one: 'new log', other: 'new logs' })
const errors = counterOf('en', { one: 'error', other: 'errors' })
const rows = counterOf('en', { one: 'row/s', other: 'rows/s' })
const number = new Intl.NumberFormat('en')

/** Texts in English. A text with values is a function. */
export const live = {
  live: {
    label: 'Live',
    start: 'Follow new logs',
    stop: 'Stop following',
    on: 'Live: new logs come in as they are stored.',
    goOn: 'Go on (n)',
    whilePaused: 'Paused while you read: new logs wait.',
    connecting: 'Connecting …',
    waiting: (count: number, errors: number) => (
      errors > 0 ? `${number.format(count)} new (${number.format(errors)} E)` : `${number.format(count)} new`
    ),
    show: 'Show them (n)',
    arrived: (count: number, failed: number) => failed > 0 ? `${newLogs(count)}, ${errors(failed)}` : newLogs(count),
    rate: (count: number) => rows(count),
    fetching: (count: number) => `Fetching ${number.format(count)} that were missed …`,
    gap: 'Logs may be missing above this list: live can go on for seven days.',
    searchAgain: 'Search again',
    tooSlow: 'This query takes too long to follow. Live goes on in a minute.',
    elsewhere: 'Other windows are live. This one goes on when you come to it.',
    late: 'late',
    errorsSince: (count: number) => `(${number.format(count)}) Errors`,
    leaveTitle: 'Follow new logs?',
    leave: (range: string) => `Live shows logs up to now, and leaves ${range}.`,
    follow: 'Follow'
  }
}
