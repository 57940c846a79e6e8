/** Texts in English. A text with values is a function. */
export const time = {
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
  }
}
