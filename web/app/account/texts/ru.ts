import { formatNumber } from '../../texts/format.ts'
import type { en } from './en.ts'

const plurals = new Intl.PluralRules('ru')

/** Число и слово в нужной форме: 1 лог, 2 лога, 5 логов. */
function counted (count: number, one: string, few: string, many: string): string {
  const form = plurals.select(count)
  return `${formatNumber(count)} ${form === 'one' ? one : form === 'few' ? few : many}`
}

const logsOf = (count: number) => counted(count, 'лог', 'лога', 'логов')

/** Тексты на русском. */
export const ru: typeof en = {
  readOnly: 'Вы вошли с токеном: он только читает логи. Чтобы менять, войдите с паролем.',
  tokens: {
    title: 'Токены',
    add: 'Новый токен',
    none: 'Пока ни одного. Программам, которые отправляют и читают логи, нужен свой токен.',
    name: 'Имя',
    scopes: 'Права',
    used: 'Использован',
    expires: 'Истекает',
    never: 'никогда',
    revoke: 'Отозвать',
    revokeOf: (name) => `Отозвать ${name}`,
    revokeUnused: 'Его ни разу не использовали.',
    revokeUsed: 'Последний раз его использовали',
    revokeEffect: 'Через секунду сервер перестанет его принимать: ни отправлять, ни читать с ним больше не выйдет.',
    write: 'write: отправлять логи',
    read: 'read: искать и выгружать ваши логи',
    noScope: 'Выберите, что можно делать с этим токеном.',
    terms: { '': 'никогда', '7d': 'через 7 дней', '30d': 'через 30 дней', '90d': 'через 90 дней', '365d': 'через год' },
    make: 'Создать токен',
    once: 'Скопируйте его сейчас: больше он не появится.'
  },
  sessions: {
    title: 'Сеансы',
    browser: 'Браузер',
    address: 'Адрес',
    used: 'Активность',
    end: 'Завершить',
    endOf: (browser) => `Завершить сеанс ${browser}`,
    current: 'этот',
    endOthers: 'Выйти везде, кроме этого',
    signOut: 'Выйти',
    endEffect: (count) => (
      `Других сеансов, которые завершатся в течение секунды: ${formatNumber(count)}. Этот останется.`),
    ended: (count) => `Завершено: ${counted(count, 'сеанс', 'сеанса', 'сеансов')}.`
  },
  usage: {
    title: 'Хранение',
    keptFor: (days) => `Логи хранятся ${counted(days, 'день', 'дня', 'дней')}.`,
    forEver: 'Логи хранятся вечно.',
    byServer: 'Так настроен сервер.',
    byAdministrator: 'Так решил администратор.',
    logs: 'Логов',
    bytes: 'Размер, примерно',
    oldest: 'Самый старый',
    next: 'Следующие истекут',
    days: (days, logs) => `${counted(days, 'день', 'дня', 'дней')}: ${logsOf(logs)}`
  },
  preferences: {
    title: 'Настройки',
    zone: 'Время',
    asBrowser: 'Как в браузере',
    density: 'Строки',
    densities: { compact: 'Плотно', normal: 'Обычно', touch: 'Для пальцев' },
    keys: 'Команды одной клавишей'
  },
  password: {
    title: 'Пароль',
    current: 'Нынешний пароль',
    next: 'Новый пароль',
    effect: 'Остальные ваши сеансы завершатся. Токены останутся, а токен POST /send_logs сменится вместе с паролем.',
    change: 'Сменить пароль',
    changed: 'Пароль изменён.',
    wrong: 'Это не ваш пароль.'
  },
  deletion: {
    title: 'Удаление логов',
    shown: 'Удалить то, что в списке …',
    all: 'Удалить все мои логи …',
    counting: 'Считаем …',
    none: 'Таких нет.',
    query: 'Запрос',
    everything: 'любые логи',
    user: 'Чьи',
    everybody: 'всех пользователей',
    effect: (logs, isExact) => isExact
      ? `Навсегда будет удалено: ${logsOf(logs)}.`
      : `Навсегда будет удалено не меньше чем ${logsOf(logs)}: посчитаны не все.`,
    type: (logs) => `Чтобы продолжить, введите ${logs}`,
    submit: 'Удалить навсегда',
    progress: (logs) => `Уже удалено: ${logs}`,
    deleted: (logs) => `Удалено: ${logsOf(logs)}.`
  }
}
