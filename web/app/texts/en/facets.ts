import { counterOf } from '../counter.ts'

const logs = counterOf('en', { one: 'log', other: 'logs' })

/** Texts in English. A text with values is a function. */
export const facets = {
  facets: {
    label: 'Facets',
    partial: 'not all logs are counted',
    also: (field: string, value: string) => `Also ${field} ${value}`,
    any: (field: string, value: string) => `Any ${field}, not just ${value}`,
    pin: (field: string) => `Always show ${field}`,
    filter: (field: string) => `Filter the values of ${field}`,
    missing: (count: number) => `${logs(count)} without it`,
    more: (count: number) => `${count} more`,
    fewer: 'Show fewer',
    moreFields: (count: number) => `${count} more attributes`,
    min: (field: string) => `Smallest ${field}`,
    max: (field: string) => `Largest ${field}`
  }
}
