import type { commands as English } from '../en/commands.ts'

export const commands: typeof English = {
  commands: {
    query: 'Перейти к запросу',
    queryProblem: 'Перейти к ошибке в запросе',
    run: 'Повторить поиск',
    palette: 'Все команды',
    help: 'Клавиши',
    time: 'Выбрать период',
    earlier: 'Сдвинуть период назад',
    later: 'Сдвинуть период вперёд',
    widen: 'Удвоить период',
    zone: 'Местное время или UTC',
    chart: 'Показать или скрыть гистограмму',
    facets: 'Показать или скрыть фасеты'
  }
}
