import { counterOf } from '../../texts/counter.ts'

const logs = counterOf('en', { one: 'log', other: 'logs' })

/** Texts in English. A text with values is a function. */
export const en = {
  title: 'No logs found',
  range: (words: string) => `Time range: ${words}`,
  live: 'New logs will appear here.',
  looking: 'Looking for them elsewhere …',
  ways: 'Where there are logs',
  logs: (count: number, isExact: boolean) => isExact ? logs(count) : `≥ ${logs(count)}`,
  anytime: 'At any time',
  nowhere: 'Outside of this time range there are none, either.',
  future: 'Later than tomorrow, by wrong clocks of senders',
  without: (clause: string) => `Without ${clause}`,
  rename: (wrong: string, right: string) => `No log has “${wrong}”. Search for “${right}”`,
  asText: (text: string) => `As a text of the message: “${text}”`
}
