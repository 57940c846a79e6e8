import type { list as English } from '../en/list.ts'

export const list: typeof English = {
  list: {
    label: 'Логи',
    columns: { time: 'Время', level: 'Уровень', process: 'Процесс', message: 'Сообщение' },
    empty: 'Логов нет.',
    loading: 'Поиск …',
    searchedBackTo: (time) => `Просмотрено до ${time}`,
    more: 'Дальше',
    moreLines: (count) => `ещё строк: ${count}`
  },
  status: {
    rows: (count) => `загружено ${count}`,
    took: (milliseconds) => `${milliseconds} мс`
  }
}
