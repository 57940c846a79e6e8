import type { states as English } from '../en/states.ts'

export const states: typeof English = {
  states: {
    away: 'Сервер не отвечает. Всё на экране остаётся и продолжится само.',
    database: (time) => `База данных не отвечает с ${time}. Всё на экране остаётся и продолжится само.`,
    busy: 'Сервер занят.',
    limited: 'Слишком много запросов одновременно.',
    nextTry: (seconds) => `Следующая попытка через ${seconds} с.`,
    newVersion: 'На сервере новая версия этой страницы.',
    reload: 'Обновить'
  }
}
