import { AggregatorRegistry } from 'prom-client'
import type { ProcessMetrics } from './messages.ts'

/** How long a scrape waits for a worker that is busy; then its latest metrics count. */
const answerMs = 2500

interface Question {
  resolve: () => void
  promise: Promise<void>
}

/**
 * The metrics of all workers as those of one server.
 * Counters of workers that ended are kept: a sum that falls would look like a restart of the server.
 */
export class SharedMetrics<Worker extends object> {
  readonly #latest = new Map<Worker, ProcessMetrics>()
  readonly #questions = new Map<number, Question>()
  #ended: Promise<ProcessMetrics> = Promise.resolve([])
  #count = 0

  /** Notes the metrics of a worker, in answer to the question `id`. */
  note (worker: Worker, metrics: ProcessMetrics, id?: number): void {
    this.#latest.set(worker, metrics)
    if (id !== undefined) this.#questions.get(id)?.resolve()
  }

  /** Notes that a worker ended. */
  noteEnd (worker: Worker): void {
    const last = this.#latest.get(worker)?.filter(({ type }) => isSum(type)) ?? []
    this.#latest.delete(worker)
    this.#ended = this.#ended.then((ended) => sum([ended, last]).getMetricsAsJSON())
  }

  /** Asks the workers, and resolves to the text of the metrics of all. */
  async read (workers: readonly Worker[], ask: (worker: Worker, id: number) => void): Promise<string> {
    await Promise.all(workers.map(async (worker) => {
      const id = this.#count++
      const question = openQuestion()
      this.#questions.set(id, question)
      ask(worker, id)
      const timer = setTimeout(question.resolve, answerMs)
      await question.promise
      clearTimeout(timer)
      this.#questions.delete(id)
    }))
    const latest = workers.flatMap((worker) => [this.#latest.get(worker) ?? []])
    return sum([...latest, await this.#ended]).metrics()
  }
}

function openQuestion (): Question {
  let answer = (): void => {}
  const promise = new Promise<void>((resolve) => { answer = resolve })
  return { resolve: answer, promise }
}

/** prom-client's types are strings in the source and numbers in the declarations. */
function isSum (type: unknown): boolean {
  return type === 'counter' || type === 'histogram'
}

function sum (metrics: ProcessMetrics[]) {
  return AggregatorRegistry.aggregate(metrics)
}
