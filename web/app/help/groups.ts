import type { Command } from '../frame/commands.ts'

/** Groups of the help, in their order. */
export const groups = ['list', 'log', 'search', 'view', 'page'] as const
export type Group = typeof groups[number]

const members: Partial<Record<Command['name'], Group>> = {
  query: 'search',
  queryProblem: 'search',
  queryExamples: 'search',
  run: 'search',
  time: 'search',
  earlier: 'search',
  later: 'search',
  widen: 'search',
  live: 'list',
  showNew: 'list',
  nextRow: 'list',
  previousRow: 'list',
  selectNext: 'list',
  selectPrevious: 'list',
  pageDown: 'list',
  pageUp: 'list',
  firstRow: 'list',
  lastRow: 'list',
  newest: 'list',
  oldest: 'list',
  nextError: 'list',
  previousError: 'list',
  back: 'list',
  open: 'log',
  only: 'log',
  out: 'log',
  around: 'log',
  copyMessage: 'log',
  copyJson: 'log',
  copyLink: 'log',
  copyAbsoluteLink: 'log',
  chart: 'view',
  facets: 'view',
  zone: 'view',
  wrap: 'view',
  fold: 'view',
  zoom: 'view',
  savedSearch: 'search',
  saveSearch: 'search',
  searches: 'search',
  export: 'search',
  alert: 'search'
}

/** The group in which the help lists a command. */
export function groupOf (name: Command['name']): Group {
  return members[name] ?? 'page'
}
