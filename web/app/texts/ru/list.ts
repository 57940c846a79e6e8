import type { list as English } from '../en/list.ts'
import { counterOf } from '../counter.ts'

const logs = counterOf('ru', { one: 'лог', few: 'лога', other: 'логов' })
const gone = counterOf('ru', { one: 'лог удалён', few: 'лога удалено', other: 'логов удалено' })
const lines = counterOf('ru', { one: 'строка', few: 'строки', other: 'строк' })

export const list: typeof English = {
  list: {
    label: 'Логи',
    columns: { time: 'Время', level: 'У', process: 'Процесс', message: 'Сообщение' },
    columnKeys: 'Перетащите или нажмите Alt+← и Alt+→, чтобы переставить; с Shift меняется ширина; Delete убирает',
    removeColumn: (name) => `Убрать столбец ${name}`,
    empty: 'Логов нет.',
    loading: 'Поиск …',
    moreLines: (count) => `+${lines(count)}`,
    gone,
    silence: (duration) => `тишина ${duration}`,
    cameLater: (duration) => `пришёл через ${duration}`,
    cameEarlier: (duration) => `пришёл на ${duration} раньше своего времени: часы отправителя спешат`,
    localTime: (clock) => `${clock} по местному времени`,
    ago: (duration) => `${duration} назад`,
    noError: 'В эту сторону ошибок больше нет.',
    unfold: (count) => `Показать ещё ${logs(count)} с тем же текстом`
  },
  around: {
    label: 'Вокруг лога',
    close: 'Назад к поиску',
    of: (clock) => `Вокруг ${clock}:`,
    process: 'процесс',
    user: 'пользователь',
    near: '± 5 мин',
    takeOver: 'Сделать поиском'
  },
  status: {
    exact: (count) => `${logs(count)}, точно`,
    atLeast: (count, time) => `≥ ${logs(count)}, посчитано до ${time}`,
    loaded: (count) => `загружено: ${logs(count)}`,
    count: 'Посчитать все',
    countOn: 'Считать дальше',
    counting: 'Считаем …',
    took: (milliseconds) => `${milliseconds} мс`,
    searchedBackTo: (time) => `просмотрено до ${time}`,
    behind: (duration) => `без новейших логов: реплика отстаёт на ${duration}`,
    stop: 'Остановить',
    goOn: 'Дальше',
    wrap: { one: 'Сообщения в одну строку', some: 'Сообщения до шести строк', all: 'Сообщения целиком' },
    fold: 'Сворачивать повторы',
    oldestFirst: 'Сначала старые',
    sql: 'Этот поиск как SQL'
  }
}
