import type { en } from './en.ts'

export const ru: typeof en = {
  help: {
    title: 'Клавиши',
    groups: { list: 'Список', log: 'Лог', search: 'Запрос и период', view: 'Вид', page: 'Страница' },
    off: 'Команды вызываются клавишами без Ctrl',
    none: 'без клавиши'
  },
  palette: {
    title: 'Команды',
    label: 'Найти команду, раздел или сохранённый поиск',
    groups: { commands: 'Команды', screens: 'Разделы', searches: 'Сохранённые поиски' },
    nothing: 'Ничего с таким названием.'
  }
}
