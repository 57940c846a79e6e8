/** Texts in English. A text with values is a function; a number comes twice, as such and as it is written. */
export const en = {
  order: 'Order',
  latest: 'Latest',
  frequent: 'Most frequent',
  empty: '(no text)',
  times: (count: number, written: string) => count === 1 ? 'once' : `${written} times`,
  since: (time: string) => `since ${time}`,
  summary: (logs: number, groups: number, written: string) => {
    if (logs === 0) return 'No errors in this time.'
    const errors = logs === 1 ? '1 error' : `${written} errors`
    return groups === 1 ? `${errors} in 1 group.` : `${errors} in ${groups} groups.`
  },
  reached: (time: string) => `Grouped back to ${time}.`,
  more: 'Go on',
  state: 'State',
  shown: { open: 'Open', acknowledged: 'Acknowledged', muted: 'Muted', resolved: 'Resolved', '': 'All' },
  states: {
    new: 'New',
    ongoing: 'Ongoing',
    acknowledged: 'Acknowledged',
    muted: 'Muted',
    resolved: 'Resolved',
    regressed: 'Back'
  },
  groups: (count: number, written: string) => {
    if (count === 0) return 'No errors here.'
    return count === 1 ? '1 group.' : `${written} groups.`
  },
  untilTime: (time: string) => `until ${time}`,
  untilLogs: (logs: number) => logs === 1 ? 'until 1 more log' : `until ${logs} more logs`,
  acknowledge: 'Acknowledge',
  muteHour: 'Mute for 1 hour',
  muteDay: 'Mute for 1 day',
  muteLogs: 'Mute for as many',
  furtherLogs: 'Further logs',
  muted: 'Muted',
  resolve: 'Resolve',
  reopen: 'Reopen',
  mergeWith: 'Count with',
  choose: 'another group',
  merge: 'Merge',
  merged: 'Merged. The other group can split it off again.',
  mergedHere: (count: number) => `Merged into this one: ${count}.`,
  splitOff: 'Split off',
  split: 'Split off.',
  undo: 'Undo the last merge or split',
  why: 'Why these errors are one group',
  rules: {
    fingerprint: 'Their sender gave them the same fingerprint.',
    template: 'They come from the same statement: its text is the same before values are filled in.',
    exception: 'They are the same exception, from the same place.',
    message: 'Their messages are the same, but for values.'
  },
  common: 'In common',
  sample: 'The latest',
  logs: 'Logs',
  noLogs: 'None of its logs is stored any more.',
  changes: 'Changes',
  time: 'Time',
  by: 'By',
  note: 'Note',
  server: 'the server'
}
