import { counterOf } from '../counter.ts'

const logs = counterOf('en', { one: 'log', other: 'logs' })
const gone = counterOf('en', { one: 'log is gone', other: 'logs are gone' })
const lines = counterOf('en', { one: 'line', other: 'lines' })

/** Texts in English. A text with values is a function. */
export const list = {
  list: {
    label: 'Logs',
    columns: { time: 'Time', level: 'L', process: 'Process', message: 'Message' } as Record<string, string>,
    columnKeys: 'Drag, or Alt+← and Alt+→, to move it; with Shift to change its width; Delete to remove it',
    removeColumn: (name: string) => `Remove the column ${name}`,
    empty: 'No logs.',
    loading: 'Searching …',
    moreLines: (count: number) => `+${lines(count)}`,
    gone,
    silence: (duration: string) => `${duration} of silence`,
    cameLater: (duration: string) => `came ${duration} later`,
    cameEarlier: (duration: string) => `came ${duration} before its own time: the sender's clock is fast`,
    localTime: (clock: string) => `${clock} local time`,
    ago: (duration: string) => `${duration} ago`,
    noError: 'No further error in this direction.',
    unfold: (count: number) => `Show ${logs(count)} that say the same`
  },
  around: {
    label: 'Around a log',
    close: 'Back to the search',
    of: (clock: string) => `Around ${clock}:`,
    process: 'process',
    user: 'user',
    near: '± 5 min',
    takeOver: 'Take over as the search'
  },
  status: {
    exact: (count: number) => `${logs(count)}, exact`,
    atLeast: (count: number, time: string) => `≥ ${logs(count)}, counted back to ${time}`,
    loaded: (count: number) => `${logs(count)} loaded`,
    count: 'Count all',
    countOn: 'Count on',
    counting: 'Counting …',
    took: (milliseconds: number) => `${milliseconds} ms`,
    searchedBackTo: (time: string) => `searched back to ${time}`,
    behind: (duration: string) => `without the newest logs: the replica is ${duration} behind`,
    stop: 'Stop',
    goOn: 'Go on',
    wrap: { one: 'Messages on one line', some: 'Messages on up to six lines', all: 'Whole messages' },
    fold: 'Fold repetitions',
    oldestFirst: 'Oldest first',
    sql: 'This search as SQL'
  }
}
