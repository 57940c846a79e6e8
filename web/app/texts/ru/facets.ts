import type { facets as English } from '../en/facets.ts'
import { counterOf } from '../counter.ts'

const logs = counterOf('ru', { one: 'лог', few: 'лога', other: 'логов' })

export const facets: typeof English = {
  facets: {
    label: 'Фасеты',
    partial: 'посчитаны не все логи',
    also: (field, value) => `Ещё и ${field} ${value}`,
    any: (field, value) => `Любой ${field}, не только ${value}`,
    pin: (field) => `Всегда показывать ${field}`,
    filter: (field) => `Поиск по значениям ${field}`,
    missing: (count) => `${logs(count)} без значения`,
    more: (count) => `ещё ${count}`,
    fewer: 'Свернуть',
    moreFields: (count) => `ещё атрибуты: ${count}`,
    min: (field) => `Наименьшее ${field}`,
    max: (field) => `Наибольшее ${field}`
  }
}
