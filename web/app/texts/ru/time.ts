import type { time as English } from '../en/time.ts'

export const time: typeof English = {
  time: {
    label: 'Период',
    ranges: {
      '-5m': '5 минут',
      '-15m': '15 минут',
      '-1h': 'Час',
      '-6h': '6 часов',
      '-24h': 'Сутки',
      '-7d': '7 дней',
      '-30d': '30 дней',
      '': 'Всё время'
    },
    utc: 'UTC',
    local: 'Местное время'
  }
}
