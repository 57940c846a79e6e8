/** Texts in English. A text with values is a function; a number comes twice, as such and as it is written. */
export const en = {
  label: 'Administration',
  refused: 'Only administrators see this, once they have signed in with their password.',
  users: {
    list: 'Users',
    add: 'Add a user',
    name: 'Name',
    role: 'Role',
    logs: 'Logs',
    last: 'Last log',
    kept: 'Kept',
    state: 'State',
    change: 'Change',
    admin: 'Administrator',
    user: 'User',
    atLeast: (count: string, isComplete: boolean) => isComplete ? count : `≥ ${count}`,
    never: 'never',
    active: 'active',
    disabled: 'disabled',
    keptFor: (days: number) => days === 0 ? 'for ever' : days === 1 ? '1 day' : `${days} days`,
    keptAsServer: 'as the server',
    changeOf: (name: string) => `Change ${name}`,
    passwordOf: (name: string) => `New password of ${name}`,
    adminEffect: 'An administrator reads the logs of all users, and changes users.',
    disable: 'Disabled',
    disableEffect: 'Within a second a disabled user can neither send nor read.',
    logsStay: (count: number, written: string) => (
      count === 1 ? 'The log of this user stays.' : `The ${written} logs of this user stay.`
    ),
    keptTitle: 'Logs are kept',
    kinds: { server: 'as the server’s setting says', ever: 'for ever', days: 'for a number of days' },
    days: 'days',
    expire: (count: number, written: string) => count === 0
      ? 'No log is older: nothing is deleted now.'
      : count === 1
        ? '1 log is older, and is deleted within an hour.'
        : `${written} logs are older, and are deleted within an hour.`,
    save: 'Save',
    taken: 'There is a user of this name.',
    lastAdmin: 'No enabled administrator would be left.',
    makePassword: 'Make a new password',
    passwordEffect: (name: string) => (
      `${name} is signed out everywhere, and needs the new password. ` +
      'Programs that send by /send_logs need its token. Other tokens stay.'
    ),
    passwordOnce: (name: string) => `The password of ${name}. It is shown only now.`,
    done: 'Done'
  },
  storage: {
    logs: 'Logs',
    server: 'Server',
    database: 'Database',
    size: 'Size',
    number: 'Logs',
    about: (count: string) => `about ${count}`,
    oldest: 'Oldest',
    newest: 'Newest',
    none: 'none',
    free: 'Free on the disk',
    growth: 'Grows',
    perDay: (size: string) => `${size} a day`,
    full: 'Disk full',
    fullIn: (duration: string) => `${duration}, at this pace`,
    kept: 'Kept',
    keptFor: (days: number, rows: number, written: string) => {
      const time = days === 0 ? 'for ever' : days === 1 ? '1 day' : `${days} days`
      return rows === 0 ? time : `${time}, at most ${written} logs`
    },
    spool: 'Spool',
    spoolOf: (size: string, limit: string) => `${size} of ${limit}`,
    noSpool: 'none',
    waiting: 'Oldest log that waits',
    wordIndex: 'Word index',
    hourCounts: 'Counts by the hour',
    off: 'off',
    upToDate: 'up to date',
    behind: (duration: string) => `${duration} behind`,
    deadLetters: 'Dead letters',
    keptFiles: 'Files that no table accepts',
    instances: 'Instances',
    seen: (time: string) => `seen ${time}`,
    arrived: 'Arrived by day (UTC)',
    day: 'Day',
    share: 'Compared',
    tables: 'Tables',
    table: 'Table',
    rows: 'Rows, about',
    notEstimated: 'The database takes too long to estimate them.',
    partitions: 'Partitions',
    partition: 'Partition',
    from: 'From',
    until: 'Until'
  },
  letters: {
    explain: 'Records that were accepted and could not be stored. Once the cause is fixed, replay them as logs.',
    count: (count: number, written: string) => (
      count === 0 ? 'No dead letters.' : count === 1 ? '1 dead letter' : `${written} dead letters`
    ),
    nobody: 'no user',
    about: (user: string, source: string, size: string) => `${user}, from ${source}, ${size}`,
    replay: 'Replay',
    replayAll: 'Replay all',
    delete: 'Delete',
    replayEffect: (user: string) => `It becomes a log of ${user}, if the database accepts it by now.`,
    replayAllEffect: (count: number, written: string) => count === 1
      ? 'The dead letter becomes a log, if the database accepts it by now.'
      : `Those of the ${written} dead letters that the database accepts by now become logs. The others stay.`,
    deleteEffect: (user: string) => `The record of ${user} is deleted for good. Nothing else keeps it.`,
    stored: (count: number, written: string) => count === 1 ? '1 log was stored.' : `${written} logs were stored.`,
    first: 'First page',
    next: 'Next page'
  },
  audit: {
    list: 'Changes by people, the newest first',
    filter: 'Filter',
    time: 'Time',
    caller: 'Who',
    action: 'What',
    detail: 'Detail',
    logs: 'Logs',
    address: 'From',
    shown: (shown: string, all: string) => shown === all ? `${all} entries` : `${shown} of ${all} entries`,
    more: 'Older entries'
  }
}
