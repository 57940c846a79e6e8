/** Texts in English. A text with values is a function. */
export const list = {
  list: {
    label: 'Logs',
    columns: { time: 'Time', level: 'Level', process: 'Process', message: 'Message' } as Record<string, string>,
    empty: 'No logs.',
    loading: 'Searching …',
    searchedBackTo: (time: string) => `Searched back to ${time}`,
    more: 'Go on',
    moreLines: (count: number) => `+${count} lines`
  },
  status: {
    rows: (count: string) => `${count} loaded`,
    took: (milliseconds: number) => `${milliseconds} ms`
  }
}
