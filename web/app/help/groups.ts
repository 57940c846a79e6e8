import type { Command } from '../frame/commands.ts'

/** Groups of the help, in their order. */
export const groups = ['list', 'log', 'search', 'view', 'page'] as const
export type Group = typeof groups[number]

const members: Partial<Record<Command['name'], Group>> = {
  run: 'search'
}

/** The group in which the help lists a command. */
export function groupOf (name: Command['name']): Group {
  return members[name] ?? 'page'
}
