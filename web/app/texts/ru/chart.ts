import type { chart as English } from '../en/chart.ts'
import { counterOf } from '../counter.ts'

const logs = counterOf('ru', { one: 'лог', few: 'лога', other: 'логов' })

export const chart: typeof English = {
  chart: {
    label: 'Логи по времени',
    logs: (count) => logs(count),
    by: 'по полю',
    others: 'прочее',
    time: 'Время',
    all: 'Всего',
    table: 'Гистограмма таблицей',
    hide: 'Скрыть гистограмму',
    countedBackTo: (time) => `посчитано до ${time}`,
    uncounted: 'ещё не посчитано',
    goOn: 'дальше',
    again: 'Повторить'
  }
}
