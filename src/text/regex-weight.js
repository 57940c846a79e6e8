// Without re2js, because browsers that only parse a query do not need it.

/** Weights of a class of Unicode and of a range beyond ASCII, in characters that take as long to compile. */
const classWeight = 20
const rangeWeight = 80

/**
 * Estimates the work of an expression before it is compiled, because a short one may be a lot: at least its characters
 * once all repetitions are written out, with every group within every other.
 * @param {string} source
 * @returns {number}
 */
export function regexWeight (source) {
  let atoms = source.length
  let groups = 1
  for (const { index, 1: low, 2: high } of source.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    const times = Math.max(Number(low), Number(high ?? 0), 1)
    if (/(?:\)|\\E)$/.test(source.slice(Math.max(index - 2, 0), index))) groups *= times
    else atoms += times
  }
  const classes = source.match(/\\[pP]/g)?.length ?? 0
  const ranges = source.match(/-[^ -[\]-~]/g)?.length ?? 0
  return groups * (atoms + classWeight * classes + rangeWeight * ranges)
}
