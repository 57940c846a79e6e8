import { durationOf } from '../../time/duration.ts'

/** Texts in English. A text with values is a function. */
export const time = {
  time: {
    label: 'Time range',
    choose: (range: string) => `Time range: ${range}`,
    earlier: 'Earlier',
    later: 'Later',
    quick: 'Common ranges',
    ranges: {
      '-5m': 'Last 5 minutes',
      '-15m': 'Last 15 minutes',
      '-1h': 'Last hour',
      '-6h': 'Last 6 hours',
      '-24h': 'Last 24 hours',
      '-7d': 'Last 7 days',
      '-30d': 'Last 30 days'
    } as Record<string, string | undefined>,
    last: (length: string) => `Last ${length}`,
    today: 'Today',
    yesterday: 'Yesterday',
    all: 'All time',
    since: (time: string) => `Since ${time}`,
    until: (time: string) => `Until ${time}`,
    between: (from: string, to: string) => `${from} – ${to}`,
    from: 'From',
    to: 'To',
    pick: (field: string) => `${field}: choose in a calendar`,
    hint: '-15m, 14:30, yesterday 17:00, mon 9:00, 2026-11-26 14:30',
    apply: 'Apply',
    recent: 'Recent ranges',
    invalid: 'This is not a time.',
    empty: 'The end is before the beginning.',
    zone: 'Time zone',
    utc: 'UTC',
    local: (name: string) => `Local (${name})`,
    skew: (milliseconds: number) => {
      const duration = durationOf(Math.abs(milliseconds), 'en')
      return milliseconds > 0
        ? `This computer's clock is ${duration} behind the server's. Ranges are by the server's clock.`
        : `This computer's clock is ${duration} ahead of the server's. Ranges are by the server's clock.`
    }
  }
}
