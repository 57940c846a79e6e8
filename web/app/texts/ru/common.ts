import type { common as English } from '../en/common.ts'

export const common: typeof English = {
  language: 'Русский',
  levels: { debug: 'отладка', info: 'сведения', warning: 'предупреждение', error: 'ошибка', critical: 'критично' },
  common: {
    loading: 'Загрузка …',
    unread: 'Часть страницы не загрузилась. Если это не пройдёт, обновите страницу.',
    close: 'Закрыть',
    retry: 'Повторить',
    cancel: 'Отмена',
    copy: 'Копировать',
    copied: 'Скопировано'
  }
}
