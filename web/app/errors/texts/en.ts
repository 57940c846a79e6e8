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
  more: 'Go on'
}
