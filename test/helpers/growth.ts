import type { Test } from 'tap'

export interface Growth<Input> {
  /** Size of the small input; the large one is ten times as large. */
  small: number
  /** Makes an input of a size; it is not measured. */
  input: (size: number) => Input
  work: (input: Input) => void
}

/**
 * For ten times the input, linear work takes about 10 times as long, quadratic work 100 times. On a busy machine, work
 * that no longer fits the processor's cache took 33 times as long.
 */
const maxRatio = 50
/** Shorter times cannot be measured well. */
const minCpuMs = 1
const smallRuns = 5
const rounds = 5

/** Asserts that the CPU time of the work grows linearly with the size of its input, not with its square. */
export function growsLinearly<Input> (t: Pick<Test, 'ok'>, what: string, { small, input, work }: Growth<Input>): void {
  const [smallInput, largeInput] = [input(small), input(10 * small)]
  let smallMs = Infinity
  let largeMs = Infinity
  // The first runs compile the code.
  const measureSmall = () => {
    for (let run = 0; run < smallRuns; run++) smallMs = Math.min(smallMs, Math.max(minCpuMs, cpuMs(() => work(smallInput))))
  }
  const isLinear = () => largeMs <= maxRatio * smallMs
  measureSmall()
  for (let round = 0; round < rounds; round++) {
    largeMs = Math.min(largeMs, cpuMs(() => work(largeInput)))
    // Again: a machine may have been slower for the moment of the first ones than for the large one.
    measureSmall()
    if (isLinear()) break
  }
  t.ok(isLinear(), `${what}: ${largeMs} ms of CPU for ${10 * small}, ${smallMs} ms for ${small}`)
}

/** CPU time of this process in ms, which excludes other load on the machine. */
function cpuMs (work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
