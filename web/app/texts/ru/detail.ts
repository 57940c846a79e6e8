import { counterOf } from '../counter.ts'
import type { detail as English } from '../en/detail.ts'

const frames = counterOf('ru', { one: 'кадр', few: 'кадра', other: 'кадров' })

export const detail: typeof English = {
  detail: {
    label: 'Лог',
    tabs: { fields: 'Поля', json: 'JSON', sql: 'SQL' },
    fields: 'Поля',
    attributes: 'Атрибуты',
    only: (field, value) => `Только ${field} ${value}`,
    out: (field, value) => `Без ${field} ${value}`,
    atLeast: (field, value) => `Только ${field} от ${value}`,
    column: (field) => `Показать ${field} столбцом`,
    localTime: (clock) => `${clock} здесь`,
    around: 'Вокруг',
    copyLink: 'Копировать ссылку',
    formats: { message: 'Сообщение', line: 'Строка текста', json: 'JSON', curl: 'curl', sql: 'SQL' },
    sqlInexact: 'Не все условия этого поиска можно выразить в SQL: запрос найдёт все его логи и, возможно, лишние.',
    filter: (count) => `Поиск по атрибутам: ${count}`,
    frames: (count) => `${frames(count)} библиотек`,
    showAll: (characters) => `Показать все символы: ${characters}`,
    moreNodes: (count) => `ещё ${count}`,
    loading: 'Читаем лог целиком …',
    selection: 'Выделенный текст',
    onlyText: 'с ним',
    outText: 'без него'
  }
}
