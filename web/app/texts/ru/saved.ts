import type { saved as English } from '../en/saved.ts'

export const saved: typeof English = {
  saved: {
    label: 'Сохранённые поиски',
    all: 'Все логи',
    changed: 'изменён',
    save: 'Сохранить',
    saveAs: 'Сохранить как …',
    replace: 'Заменить',
    conflict: 'Этот поиск тем временем изменили в другом месте. Показано то, что сохранено сейчас: попробуйте ещё раз.'
  }
}
