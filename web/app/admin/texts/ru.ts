import { pluralOf } from '../../texts/plural.ts'
import type { en } from './en.ts'

function daysOf (days: number): string {
  return days === 0 ? 'бессрочно' : `${days} ${pluralOf(days, { one: 'день', few: 'дня', many: 'дней' })}`
}

function logsOf (count: number, written: string): string {
  return `${written} ${pluralOf(count, { one: 'лог', few: 'лога', many: 'логов' })}`
}

const letterForms = { one: 'недоставленная запись', few: 'недоставленные записи', many: 'недоставленных записей' }

export const ru: typeof en = {
  label: 'Управление',
  refused: 'Этот раздел видят только администраторы, вошедшие по паролю.',
  users: {
    list: 'Пользователи',
    add: 'Добавить пользователя',
    name: 'Имя',
    role: 'Роль',
    logs: 'Логи',
    last: 'Последний лог',
    kept: 'Хранение',
    state: 'Состояние',
    change: 'Изменить',
    admin: 'Администратор',
    user: 'Пользователь',
    atLeast: (count, isComplete) => isComplete ? count : `≥ ${count}`,
    never: 'не было',
    active: 'активен',
    disabled: 'отключён',
    keptFor: daysOf,
    keptAsServer: 'как на сервере',
    changeOf: (name) => `Изменить: ${name}`,
    passwordOf: (name) => `Новый пароль: ${name}`,
    adminEffect: 'Администратор читает логи всех пользователей и управляет ими.',
    disable: 'Отключён',
    disableEffect: 'Через секунду после отключения пользователь не сможет ни отправлять, ни читать.',
    logsStay: (count, written) => `Его логи (${logsOf(count, written)}) останутся.`,
    keptTitle: 'Логи хранятся',
    kinds: { server: 'как настроено на сервере', ever: 'бессрочно', days: 'заданное число дней' },
    days: 'дн.',
    expire: (count, written) => count === 0
      ? 'Логов старше нет: сейчас ничего не удалится.'
      : `Старше этого срока: ${logsOf(count, written)}. Они удалятся в течение часа.`,
    save: 'Сохранить',
    taken: 'Пользователь с таким именем уже есть.',
    lastAdmin: 'Не останется ни одного активного администратора.',
    makePassword: 'Создать новый пароль',
    passwordEffect: (name) => (
      `Все сеансы пользователя ${name} завершатся, войти можно будет только с новым паролем. ` +
      'Программам, которые шлют логи через /send_logs, понадобится новый токен. ' +
      'Остальные токены продолжат работать.'
    ),
    passwordOnce: (name) => `Пароль пользователя ${name}. Больше он показан не будет.`,
    done: 'Готово'
  },
  storage: {
    logs: 'Логи',
    server: 'Сервер',
    database: 'База данных',
    size: 'Размер',
    number: 'Логов',
    about: (count) => `около ${count}`,
    oldest: 'Самый старый',
    newest: 'Самый новый',
    none: 'нет',
    free: 'Свободно на диске',
    growth: 'Прирост',
    perDay: (size) => `${size} в день`,
    full: 'Диск заполнится',
    fullIn: (duration) => `${duration} при таком темпе`,
    kept: 'Хранятся',
    keptFor: (days, rows, written) => rows === 0 ? daysOf(days) : `${daysOf(days)}, не более ${logsOf(rows, written)}`,
    spool: 'Очередь на диске',
    spoolOf: (size, limit) => `${size} из ${limit}`,
    noSpool: 'нет',
    waiting: 'Самый старый лог в очереди',
    wordIndex: 'Индекс слов',
    hourCounts: 'Почасовой подсчёт',
    off: 'выключен',
    upToDate: 'без отставания',
    behind: (duration) => `отставание: ${duration}`,
    deadLetters: 'Недоставленное',
    keptFiles: 'Файлы, которые не приняла ни одна таблица',
    instances: 'Экземпляры',
    seen: (time) => `последний отклик ${time}`,
    arrived: 'Получено по дням (UTC)',
    day: 'День',
    share: 'Сравнение',
    tables: 'Таблицы',
    table: 'Таблица',
    rows: 'Строк, около',
    notEstimated: 'База данных слишком долго их оценивает.',
    partitions: 'Секции',
    partition: 'Секция',
    from: 'С',
    until: 'До'
  },
  letters: {
    explain: 'Записи, которые были приняты, но не сохранились. Когда причина устранена, повторите их: ' +
      'они станут логами.',
    count: (count, written) => count === 0
      ? 'Недоставленных записей нет.'
      : `${written} ${pluralOf(count, letterForms)}`,
    nobody: 'без пользователя',
    about: (user, source, size) => `${user}, источник: ${source}, ${size}`,
    replay: 'Повторить',
    replayAll: 'Повторить все',
    delete: 'Удалить',
    replayEffect: (user) => `Запись станет логом пользователя ${user}, если база данных её теперь примет.`,
    replayAllEffect: (count, written) => count === 1
      ? 'Запись станет логом, если база данных её теперь примет.'
      : `Записей: ${written}. Те, которые база данных теперь примет, станут логами, остальные останутся здесь.`,
    deleteEffect: (user) => `Запись пользователя ${user} будет удалена навсегда. Больше её нигде нет.`,
    stored: (count, written) => `Сохранено: ${logsOf(count, written)}.`,
    first: 'Первая страница',
    next: 'Следующая страница'
  },
  audit: {
    list: 'Действия людей, сначала новые',
    filter: 'Фильтр',
    time: 'Время',
    caller: 'Кто',
    action: 'Что',
    detail: 'Подробности',
    logs: 'Логи',
    address: 'Откуда',
    shown: (shown, all) => shown === all ? `Записей: ${all}` : `Записей: ${shown} из ${all}`,
    more: 'Более ранние'
  }
}
