import { durationOf } from '../../time/duration.ts'
import type { time as English } from '../en/time.ts'

export const time: typeof English = {
  time: {
    label: 'Период',
    choose: (range) => `Период: ${range}`,
    earlier: 'Раньше',
    later: 'Позже',
    quick: 'Частые периоды',
    ranges: {
      '-5m': '5 минут',
      '-15m': '15 минут',
      '-1h': 'Последний час',
      '-6h': '6 часов',
      '-24h': 'Сутки',
      '-7d': '7 дней',
      '-30d': '30 дней'
    },
    last: (length) => `Последнее: ${length}`,
    today: 'Сегодня',
    yesterday: 'Вчера',
    all: 'Всё время',
    since: (time) => `С ${time}`,
    until: (time) => `До ${time}`,
    between: (from, to) => `${from} – ${to}`,
    from: 'С',
    to: 'По',
    pick: (field) => `${field}: выбрать в календаре`,
    hint: '-15m, 14:30, вчера 17:00, пн 9:00, 26.11 14:30',
    apply: 'Показать',
    recent: 'Недавние периоды',
    invalid: 'Не похоже на время.',
    empty: 'Конец раньше начала.',
    zone: 'Часовой пояс',
    utc: 'UTC',
    local: (name) => `Местный (${name})`,
    skew: (milliseconds) => {
      const duration = durationOf(Math.abs(milliseconds), 'ru')
      return milliseconds > 0
        ? `Часы компьютера отстают от часов сервера на ${duration}. Периоды считаются по часам сервера.`
        : `Часы компьютера спешат на ${duration} относительно сервера. Периоды считаются по часам сервера.`
    }
  }
}
