import { counterOf } from '../counter.ts'

const logs = counterOf('en', { one: 'log', other: 'logs' })

/** Texts in English. A text with values is a function. */
export const chart = {
  chart: {
    label: 'Logs over time',
    logs: (count: number) => logs(count),
    by: 'by',
    others: 'others',
    time: 'Time',
    all: 'All',
    table: 'Show the histogram as a table',
    hide: 'Hide the histogram',
    countedBackTo: (time: string) => `counted back to ${time}`,
    uncounted: 'not counted yet',
    goOn: 'go on',
    again: 'Try again'
  }
}
