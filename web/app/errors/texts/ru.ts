import { pluralOf } from '../../texts/plural.ts'
import type { en } from './en.ts'

export const ru: typeof en = {
  order: 'Порядок',
  latest: 'Последние',
  frequent: 'Самые частые',
  empty: '(без текста)',
  times: (count, written) => `${written} ${pluralOf(count, { one: 'раз', few: 'раза', many: 'раз' })}`,
  since: (time) => `с ${time}`,
  summary: (logs, groups, written) => {
    if (logs === 0) return 'За это время ошибок нет.'
    const errors = pluralOf(logs, { one: 'ошибка', few: 'ошибки', many: 'ошибок' })
    return `${written} ${errors}, групп: ${groups}.`
  },
  reached: (time) => `Сгруппировано до ${time}.`,
  more: 'Дальше',
  state: 'Состояние',
  shown: { open: 'Открытые', acknowledged: 'Принятые', muted: 'Заглушённые', resolved: 'Решённые', '': 'Все' },
  states: {
    new: 'Новая',
    ongoing: 'Продолжается',
    acknowledged: 'Принята',
    muted: 'Заглушена',
    resolved: 'Решена',
    regressed: 'Вернулась'
  },
  groups: (count, written) => count === 0 ? 'Здесь ошибок нет.' : `Групп: ${written}.`,
  untilTime: (time) => `до ${time}`,
  untilLogs: (logs) => `ещё ${logs} ${pluralOf(logs, { one: 'лог', few: 'лога', many: 'логов' })}`,
  acknowledge: 'Принять',
  muteHour: 'Заглушить на час',
  muteDay: 'Заглушить на день',
  muteLogs: 'Заглушить на столько',
  furtherLogs: 'Ещё логов',
  muted: 'Заглушена',
  resolve: 'Решена',
  reopen: 'Открыть снова',
  mergeWith: 'Считать вместе с',
  choose: 'другой группой',
  merge: 'Объединить',
  merged: 'Объединено. Из другой группы её можно выделить снова.',
  mergedHere: (count) => `Объединено с этой: ${count}.`,
  splitOff: 'Выделить',
  split: 'Выделено.',
  undo: 'Отменить последнее объединение или выделение',
  why: 'Почему эти ошибки — одна группа',
  rules: {
    fingerprint: 'Отправитель дал им один отпечаток.',
    template: 'Их пишет одна строка программы: её текст до подстановки значений один и тот же.',
    exception: 'Это одно исключение из одного места.',
    message: 'Их сообщения одинаковы, кроме значений.'
  },
  common: 'Общее',
  sample: 'Последняя',
  logs: 'Логи',
  noLogs: 'Её логов в базе больше нет.',
  changes: 'Изменения',
  time: 'Время',
  by: 'Кто',
  note: 'Заметка',
  server: 'сервер'
}
