import type { Pattern } from '../../query/filter.ts'

/**
 * The longest run of ASCII in the pattern, for a cheap test of bytes before the exact one of letters. Without `i` and `k`,
 * to which letters beyond ASCII fold, too; empty where there is none.
 */
export function plainRun (pattern: Pattern): string {
  return pattern.flatMap((piece) => piece.split(/[^!-~ ]|[ik]/)).reduce((longest, run) => run.length > longest.length ? run : longest)
}
