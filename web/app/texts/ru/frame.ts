import type { frame as English } from '../en/frame.ts'

export const frame: typeof English = {
  navigation: {
    label: 'Разделы',
    logs: 'Логи',
    errors: 'Ошибки',
    send: 'Отправка',
    account: 'Профиль',
    signOut: 'Выйти',
    skip: 'К логам'
  },
  signIn: {
    title: 'Вход',
    user: 'Имя',
    password: 'Пароль',
    submit: 'Войти',
    wrong: 'Имя или пароль не подходят.',
    tooMany: (seconds) => `Слишком много попыток. Повторите через ${seconds} с.`
  }
}
