import { formatNumber } from '../../texts/format.ts'

const plurals = new Intl.PluralRules('en')

function counted (count: number, one: string, other: string): string {
  return `${formatNumber(count)} ${plurals.select(count) === 'one' ? one : other}`
}

/** Texts in English. A text with values is a function. */
export const en = {
  readOnly: 'You signed in with a token, which only reads logs. To change something, sign in with your password.',
  tokens: {
    title: 'Tokens',
    add: 'New token',
    none: 'None yet. Programs send and read logs with a token of their own.',
    name: 'Name',
    scopes: 'Scopes',
    used: 'Last used',
    expires: 'Expires',
    never: 'never',
    revoke: 'Revoke',
    revokeOf: (name: string) => `Revoke ${name}`,
    revokeUnused: 'It was never used.',
    revokeUsed: 'It was last used:',
    revokeEffect: 'Within a second the server refuses it: programs that use it can no longer send or read.',
    write: 'write: send logs',
    read: 'read: search and export your logs',
    noScope: 'Choose what the token may do.',
    terms: { '': 'never', '7d': 'in 7 days', '30d': 'in 30 days', '90d': 'in 90 days', '365d': 'in a year' },
    make: 'Make the token',
    once: 'Copy it now: it is never shown again.'
  },
  sessions: {
    title: 'Sessions',
    browser: 'Browser',
    address: 'Address',
    used: 'Last used',
    end: 'End',
    endOf: (browser: string) => `End the session of ${browser}`,
    current: 'this one',
    endOthers: 'Sign out everywhere else',
    signOut: 'Sign out',
    endEffect: (count: number) => (
      `${counted(count, 'other session ends', 'other sessions end')} within a second. This one stays.`),
    ended: (count: number) => `${counted(count, 'session has', 'sessions have')} ended.`
  },
  usage: {
    title: 'Kept and used',
    keptFor: (days: number) => `Logs are kept for ${counted(days, 'day', 'days')}.`,
    forEver: 'Logs are kept for ever.',
    byServer: 'As the server is set.',
    byAdministrator: 'Set for you by an administrator.',
    logs: 'Logs',
    bytes: 'Size, estimated',
    oldest: 'Oldest log',
    next: 'The next ones expire',
    days: (days: number, logs: number) => `${counted(days, 'day', 'days')}: ${counted(logs, 'log', 'logs')}`
  },
  preferences: {
    title: 'Settings',
    zone: 'Times',
    asBrowser: 'As the browser',
    density: 'Rows',
    densities: { compact: 'Compact', normal: 'Normal', touch: 'Touch' },
    keys: 'Single keys run commands'
  },
  password: {
    title: 'Password',
    current: 'Current password',
    next: 'New password',
    effect: 'Your other sessions end. Tokens stay; the token of POST /send_logs changes with the password.',
    change: 'Change the password',
    changed: 'The password is changed.',
    wrong: 'This is not your password.'
  },
  deletion: {
    title: 'Delete logs',
    shown: 'Delete what the list shows …',
    all: 'Delete all my logs …',
    counting: 'Counting …',
    none: 'There are none.',
    query: 'Query',
    everything: 'any log',
    user: 'User',
    everybody: 'all users',
    effect: (logs: number, isExact: boolean) => isExact
      ? `${counted(logs, 'log', 'logs')} will be deleted for good.`
      : `${counted(logs, 'log', 'logs')} or more will be deleted for good: not all are counted.`,
    type: (logs: number) => `Type ${logs} to go on`,
    submit: 'Delete for good',
    progress: (logs: string) => `Deleted so far: ${logs}`,
    deleted: (logs: number) => `${counted(logs, 'log was', 'logs were')} deleted.`
  }
}
