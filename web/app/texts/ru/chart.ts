import type { chart as English } from '../en/chart.ts'

export const chart: typeof English = {
  chart: {
    label: 'Логи по времени',
    total: (count) => `логов: ${count}`,
    partial: 'посчитаны не все логи'
  }
}
