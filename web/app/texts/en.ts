/** Texts of the page in English. A text with values is a function; plurals go by `count`. */
export const en = {
  language: 'English',
  signIn: {
    title: 'Sign in',
    user: 'Name',
    password: 'Password',
    submit: 'Sign in',
    wrong: 'This name and this password do not belong together.',
    tooMany: (seconds: number) => `Too many attempts. Try again in ${seconds} s.`
  },
  navigation: {
    label: 'Screens',
    logs: 'Logs',
    errors: 'Errors',
    send: 'Send',
    account: 'Account',
    signOut: 'Sign out',
    skip: 'Skip to the logs'
  },
  levels: { debug: 'debug', info: 'info', warning: 'warning', error: 'error', critical: 'critical' },
  list: {
    label: 'Logs',
    columns: { time: 'Time', level: 'Level', process: 'Process', message: 'Message' } as Record<string, string>,
    empty: 'No logs.',
    loading: 'Searching …',
    searchedBackTo: (time: string) => `Searched back to ${time}`,
    more: 'Go on',
    moreLines: (count: number) => `+${count} lines`
  },
  query: {
    label: 'Query',
    placeholder: 'level:>=warning payment',
    run: 'Search',
    clear: 'Clear the query'
  },
  time: {
    label: 'Time range',
    ranges: {
      '-5m': 'Last 5 minutes',
      '-15m': 'Last 15 minutes',
      '-1h': 'Last hour',
      '-6h': 'Last 6 hours',
      '-24h': 'Last 24 hours',
      '-7d': 'Last 7 days',
      '-30d': 'Last 30 days',
      '': 'All time'
    } as Record<string, string>,
    utc: 'UTC',
    local: 'Local time'
  },
  status: {
    rows: (count: string) => `${count} loaded`,
    took: (milliseconds: number) => `${milliseconds} ms`
  },
  problems: {
    offline: 'The server does not answer. Trying again …',
    overloaded: 'The server is busy. Trying again …',
    unknown: (detail: string) => `The server refused: ${detail}`
  }
}

export type Texts = typeof en
