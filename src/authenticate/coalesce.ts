interface Question<T> {
  name: string
  resolve: (answer: T | undefined) => void
  reject: (error: unknown) => void
}

/** Bound on the names of one query. */
const maxNames = 500

/**
 * Turns a query for many names into a look-up of one name.
 * Look-ups that arrive while a query runs share the next one: thousands of users who each send now and then cost few
 * queries. When a query fails, each of its look-ups rejects.
 */
export function coalesce<T extends { name: string }> (
  findAll: (names: readonly string[]) => Promise<readonly T[]>
): (name: string) => Promise<T | undefined> {
  const waiting: Array<Question<T>> = []
  let isAsking = false

  return (name) => new Promise((resolve, reject) => {
    waiting.push({ name, resolve, reject })
    if (!isAsking) askAll().catch(reject)
  })

  async function askAll (): Promise<void> {
    isAsking = true
    while (waiting.length > 0) {
      const questions = waiting.splice(0, maxNames)
      try {
        const answers = await findAll([...new Set(questions.map(({ name }) => name))])
        const byName = new Map(answers.map((answer) => [answer.name, answer]))
        for (const { name, resolve } of questions) resolve(byName.get(name))
      } catch (error) {
        for (const { reject } of questions) reject(error)
      }
    }
    isAsking = false
  }
}
