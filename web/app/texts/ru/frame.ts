import type { frame as English } from '../en/frame.ts'

export const frame: typeof English = {
  navigation: {
    label: 'Разделы',
    screens: {
      logs: 'Логи',
      errors: 'Ошибки',
      alerts: 'Алерты',
      send: 'Отправка',
      account: 'Профиль',
      users: 'Пользователи',
      storage: 'Хранилище',
      'dead-letters': 'Недоставленное',
      audit: 'Журнал действий'
    },
    more: 'Профиль и управление',
    theme: 'Тема',
    themes: { system: 'Авто', light: 'Светлая', dark: 'Тёмная' },
    language: 'Язык',
    mask: 'Скрывать личное на экране',
    masked: 'Скрыто',
    rules: 'Правила …',
    signOut: 'Выйти',
    skip: 'К содержимому'
  },
  signIn: {
    title: 'Вход',
    ended: 'Сеанс закончился. Здесь всё останется как есть и продолжится, как только вы войдёте.',
    user: 'Имя',
    password: 'Пароль',
    submit: 'Войти',
    orToken: 'Вместо пароля подойдёт токен с правом read, тогда имя не нужно.',
    isDemo: 'Пароль demo знают все: смените его, пока сервер не открыт посторонним.',
    wrong: 'Имя или пароль не подходят.',
    tooMany: (seconds) => `Слишком много попыток. Повторите через ${seconds} с.`
  }
}
