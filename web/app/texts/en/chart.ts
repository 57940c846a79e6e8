/** Texts in English. A text with values is a function. */
export const chart = {
  chart: {
    label: 'Logs over time',
    total: (count: string) => `${count} logs`,
    partial: 'not all logs are counted'
  }
}
