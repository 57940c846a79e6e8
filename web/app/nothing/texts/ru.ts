import { counterOf } from '../../texts/counter.ts'
import type { en } from './en.ts'

const logs = counterOf('ru', { one: 'лог', few: 'лога', other: 'логов' })

export const ru: typeof en = {
  title: 'Логов не найдено',
  range: (words) => `Период: ${words}`,
  live: 'Новые логи появятся здесь.',
  looking: 'Ищем в других местах …',
  ways: 'Где логи есть',
  logs: (count, isExact) => isExact ? logs(count) : `≥ ${logs(count)}`,
  anytime: 'За всё время',
  nowhere: 'За пределами этого периода их тоже нет.',
  future: 'Позже завтрашнего дня: часы отправителей неверны',
  without: (clause) => `Без ${clause}`,
  rename: (wrong, right) => `Поля «${wrong}» нет ни у одного лога. Искать «${right}»`,
  asText: (text) => `Как текст сообщения: «${text}»`
}
