import type { query as English } from '../en/query.ts'

export const query: typeof English = {
  query: {
    label: 'Запрос',
    placeholder: 'level:>=warning платёж',
    run: 'Найти',
    clear: 'Очистить запрос',
    examples: 'Примеры запросов',
    goToProblem: 'Показать место'
  }
}
