import type { en } from './en.ts'

const rules = new Intl.PluralRules('ru')
const suggestions: Partial<Record<Intl.LDMLPluralRule, string>> = { one: 'подсказка', few: 'подсказки' }

export const ru: typeof en = {
  suggestions: 'Подсказки',
  history: 'Прежние запросы',
  noHistory: 'Прежних запросов нет',
  found: (count) => `${count}\u00a0${suggestions[rules.select(count)] ?? 'подсказок'}`,
  atLeast: (count) => `≥\u00a0${count}`,
  hint: 'Все логи. «?»\u00a0— примеры, ↑\u00a0— прежние запросы, Ctrl+Space\u00a0— поля, «@»\u00a0— сохранённые.',
  examples: {
    title: 'Примеры запросов',
    note: 'Из того, что есть в ваших логах. Щелчок выполняет запрос.',
    groups: {
      words: 'Слова сообщения',
      levels: 'Уровни',
      fields: 'Поля и атрибуты',
      numbers: 'Числа',
      together: 'Вместе'
    }
  },
  reading: {
    all: 'все логи',
    nothing: 'никакие логи',
    word: (text) => `есть слово «${text}»`,
    notWord: (text) => `нет слова «${text}»`,
    text: (text) => `есть текст «${text}»`,
    notText: (text) => `нет текста «${text}»`,
    like: (text) => `есть слово вида «${text}»`,
    notLike: (text) => `нет слова вида «${text}»`,
    value: (field, value) => `${field}\u00a0— «${value}»`,
    notValue: (field, value) => `${field}\u00a0— не «${value}»`,
    valueLike: (field, value) => `${field} вида «${value}»`,
    notValueLike: (field, value) => `${field} не вида «${value}»`,
    oneOf: (field, values) => `${field}\u00a0— одно из: ${values}`,
    noneOf: (field, values) => `${field}\u00a0— ни одно из: ${values}`,
    quoted: (value) => `«${value}»`,
    regex: (field, source) => `${field} подходит под /${source}/`,
    notRegex: (field, source) => `${field} не подходит под /${source}/`,
    exists: (field) => `есть ${field}`,
    notExists: (field) => `нет ${field}`,
    level: (levels) => `уровень ${levels}`,
    levelFrom: (level) => `уровень ${level} и выше`,
    levelTo: (level) => `уровень ${level} и ниже`,
    anyLevel: 'любой уровень',
    noLevel: 'никакого уровня',
    not: (condition) => `кроме (${condition})`
  }
}
