import type { en } from './en.ts'

const number = new Intl.NumberFormat('ru')
const plural = new Intl.PluralRules('ru')

/** Тексты на русском. */
export const ru: typeof en = {
  title: 'Выгрузка логов',
  counting: 'Считаем …',
  count (logs, isExact) {
    const forms: Partial<Record<Intl.LDMLPluralRule, string>> = { one: 'лог', few: 'лога' }
    const text = `${number.format(logs)} ${forms[plural.select(logs)] ?? 'логов'}`
    return isExact ? `В файле будет ${text}.` : `В файле будет не меньше чем ${text}: посчитаны не все.`
  },
  formats: { label: 'Формат', text: 'Текст' },
  columns: { label: 'Столбцы', all: 'Все', shown: 'Как в списке' },
  guarded: 'Перед текстом, который таблица приняла бы за формулу, будет стоять апостроф.',
  download: 'Скачать'
}
