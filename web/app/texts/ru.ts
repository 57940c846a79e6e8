import type { Texts } from './en.ts'

/** Тексты страницы на русском. */
export const ru: Texts = {
  language: 'Русский',
  signIn: {
    title: 'Вход',
    user: 'Имя',
    password: 'Пароль',
    submit: 'Войти',
    wrong: 'Имя или пароль не подходят.',
    tooMany: (seconds) => `Слишком много попыток. Повторите через ${seconds} с.`
  },
  navigation: {
    label: 'Разделы',
    logs: 'Логи',
    errors: 'Ошибки',
    send: 'Отправка',
    account: 'Профиль',
    signOut: 'Выйти',
    skip: 'К логам'
  },
  levels: { debug: 'отладка', info: 'сведения', warning: 'предупреждение', error: 'ошибка', critical: 'критично' },
  list: {
    label: 'Логи',
    columns: { time: 'Время', level: 'Уровень', process: 'Процесс', message: 'Сообщение' },
    empty: 'Логов нет.',
    loading: 'Поиск …',
    searchedBackTo: (time) => `Просмотрено до ${time}`,
    more: 'Дальше',
    moreLines: (count) => `ещё строк: ${count}`
  },
  query: {
    label: 'Запрос',
    placeholder: 'level:>=warning платёж',
    run: 'Найти',
    clear: 'Очистить запрос'
  },
  time: {
    label: 'Период',
    ranges: {
      '-5m': '5 минут',
      '-15m': '15 минут',
      '-1h': 'Час',
      '-6h': '6 часов',
      '-24h': 'Сутки',
      '-7d': '7 дней',
      '-30d': '30 дней',
      '': 'Всё время'
    },
    utc: 'UTC',
    local: 'Местное время'
  },
  status: {
    rows: (count) => `загружено ${count}`,
    took: (milliseconds) => `${milliseconds} мс`
  },
  problems: {
    offline: 'Сервер не отвечает. Пробуем снова …',
    overloaded: 'Сервер занят. Пробуем снова …',
    unknown: (detail) => `Сервер отказал: ${detail}`
  }
}
