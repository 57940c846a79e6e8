import { pluralOf } from '../../texts/plural.ts'
import type { en } from './en.ts'

export const ru: typeof en = {
  order: 'Порядок',
  latest: 'Последние',
  frequent: 'Самые частые',
  empty: '(без текста)',
  times: (count, written) => `${written} ${pluralOf(count, { one: 'раз', few: 'раза', many: 'раз' })}`,
  since: (time) => `с ${time}`,
  summary: (logs, groups, written) => {
    if (logs === 0) return 'За это время ошибок нет.'
    const errors = pluralOf(logs, { one: 'ошибка', few: 'ошибки', many: 'ошибок' })
    return `${written} ${errors}, групп: ${groups}.`
  },
  reached: (time) => `Сгруппировано до ${time}.`,
  more: 'Дальше'
}
