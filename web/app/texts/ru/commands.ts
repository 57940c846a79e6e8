import type { commands as English } from '../en/commands.ts'

export const commands: typeof English = {
  commands: {
    query: 'Перейти к запросу',
    queryProblem: 'Перейти к ошибке в запросе',
    run: 'Повторить поиск',
    palette: 'Все команды',
    help: 'Клавиши'
  }
}
