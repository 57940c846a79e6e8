import { counterOf } from '../counter.ts'
import type { live as English } from '../en/live.ts'

const newLogs = counterOf('ru', { one: 'новый лог', few: 'новых лога', many: 'новых логов', other: 'нового лога' })
const errors = counterOf('ru', { one: 'ошибка', few: 'ошибки', many: 'ошибок', other: 'ошибки' })
const rows = counterOf('ru', { one: 'строка/с', few: 'строки/с', many: 'строк/с', other: 'строки/с' })
const number = new Intl.NumberFormat('ru')

export const live: typeof English = {
  live: {
    label: 'Эфир',
    start: 'Следить за новыми логами',
    stop: 'Не следить',
    on: 'Эфир: новые логи появляются сразу после записи.',
    goOn: 'Дальше (n)',
    whilePaused: 'Пауза, пока вы читаете: новые логи подождут.',
    connecting: 'Подключаемся …',
    waiting: (count, errors) => (
      errors > 0 ? `Новых: ${number.format(count)} (E: ${number.format(errors)})` : `Новых: ${number.format(count)}`
    ),
    show: 'Показать (n)',
    arrived: (count, failed) => failed > 0 ? `${newLogs(count)}, ${errors(failed)}` : newLogs(count),
    rate: (count) => rows(count),
    fetching: (count) => `Дочитываем пропущенное: ${number.format(count)} …`,
    gap: 'Выше могут быть пропуски: эфир можно продолжить в течение семи дней.',
    searchAgain: 'Искать заново',
    tooSlow: 'За таким запросом сервер не успевает. Эфир продолжится через минуту.',
    elsewhere: 'Эфир идёт в других окнах. Здесь он продолжится, когда вы вернётесь.',
    late: 'опоздал',
    errorsSince: (count) => `(${number.format(count)}) Ошибки`,
    leaveTitle: 'Следить за новыми логами?',
    leave: (range) => `В эфире видны логи до текущего момента; период «${range}» сменится.`,
    follow: 'Следить'
  }
}
