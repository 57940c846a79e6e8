import type { detail as English } from '../en/detail.ts'

export const detail: typeof English = {
  detail: {
    only: (field, value) => `Только ${field} ${value}`,
    out: (field, value) => `Без ${field} ${value}`,
    column: (field) => `Показать ${field} столбцом`,
    copy: 'Копировать',
    copyMessage: 'Копировать сообщение',
    copyJson: 'Копировать как JSON',
    copyLink: 'Копировать ссылку',
    around: 'Вокруг',
    filter: (count) => `Поиск по атрибутам: ${count}`,
    frames: (count) => `кадры библиотек: ${count}`,
    moreNodes: (count) => `ещё ${count}`,
    arrived: (delay) => `получено на ${delay} позже`,
    loading: 'Читаем лог целиком …'
  }
}
