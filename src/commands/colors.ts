import { styleText } from 'node:util'
import type { Environment } from '../config.ts'
import type { Streams } from './context.ts'

/**
 * Whether output is coloured: on a terminal that shows colours, unless NO_COLOR is set.
 * FORCE_COLOR decides first: `0` and `false` mean no, anything else yes, also in a pipe.
 */
export function hasColors (stdout: Streams['stdout'], { FORCE_COLOR: force, NO_COLOR: no }: Environment): boolean {
  if (force !== undefined) return force !== '0' && force !== 'false'
  return (no === undefined || no === '') && stdout.hasColors?.() === true
}

const styles = new Map<string, Parameters<typeof styleText>[0]>([
  ['debug', 'dim'], ['warning', 'yellow'], ['error', 'red'], ['critical', ['bold', 'red']]
])

/** Lines as `textOf` writes them, with their levels coloured. */
export function colorLevels (lines: string): string {
  return lines.replaceAll(/^(\d{4}-\S{1,36} )([a-z]{1,10})(?= )/gm, (all, time: string, level: string) => {
    const style = styles.get(level)
    return style === undefined ? all : `${time}${styleText(style, level, { validateStream: false })}`
  })
}
