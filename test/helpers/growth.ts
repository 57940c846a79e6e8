import type { Test } from 'tap'

export interface Growth<Input> {
  /** Size of the small input; the large one is ten times as large. */
  small: number
  /** Makes an input of a size, another each time; it is not measured. */
  input: (size: number) => Input
  work: (input: Input) => void
}

/** How many times as large the large input is. */
const factor = 10
/**
 * One large input takes linear work about as long as ten small ones, and quadratic work ten times as long. Objects
 * of thousands of names took up to 5 times as long on a busy machine: JSON.parse alone does.
 */
const maxRatio = 7
/** Shorter times cannot be measured well. */
const minCpuMs = 10
const smallRuns = 3
const rounds = 10

/** Asserts that the CPU time of the work grows linearly with the size of its input, not with its square. */
export function growsLinearly<Input> (t: Pick<Test, 'ok'>, what: string, { small, input, work }: Growth<Input>): void {
  // As many as are as large together as the large one, so that both leave the processor's cache.
  const smallInputs = Array.from({ length: factor }, () => input(small))
  const largeInput = input(factor * small)
  let smallMs = Infinity
  let largeMs = Infinity
  // The first runs compile the code.
  const measureSmall = () => {
    for (let run = 0; run < smallRuns; run++) {
      const ms = cpuMs(() => { for (const smallInput of smallInputs) work(smallInput) })
      smallMs = Math.min(smallMs, Math.max(minCpuMs, ms))
    }
  }
  const isLinear = () => largeMs <= maxRatio * smallMs
  measureSmall()
  for (let round = 0; round < rounds; round++) {
    largeMs = Math.min(largeMs, cpuMs(() => work(largeInput)))
    // Again: a machine may have been slower for the moment of the first ones than for the large one.
    measureSmall()
    if (isLinear()) break
  }
  t.ok(isLinear(), `${what}: ${largeMs} ms of CPU for ${factor * small}, ${smallMs} ms for ${factor} of ${small}`)
}

/** CPU time of this process in ms, which excludes other load on the machine. */
function cpuMs (work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
