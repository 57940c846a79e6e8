interface Question<T> {
  name: string
  resolve: (answer: T | undefined) => void
  reject: (error: unknown) => void
}

/** A query asks for so many names at most. */
const most = 500

/**
 * Finds one by name, but asks for all together that are wanted while a query is under way: thousands of users
 * who each send now and then cost few queries. Each hears of its own; where the query fails, all of it do.
 */
export function findTogether<T extends { name: string }> (findAll: (names: readonly string[]) => Promise<readonly T[]>): (name: string) => Promise<T | undefined> {
  const waiting: Array<Question<T>> = []
  let asking = false

  return (name) => new Promise((resolve, reject) => {
    waiting.push({ name, resolve, reject })
    if (!asking) askAll()
  })

  async function askAll (): Promise<void> {
    asking = true
    while (waiting.length > 0) {
      const questions = waiting.splice(0, most)
      try {
        const found = new Map((await findAll([...new Set(questions.map(({ name }) => name))])).map((answer) => [answer.name, answer]))
        for (const { name, resolve } of questions) resolve(found.get(name))
      } catch (error) {
        for (const { reject } of questions) reject(error)
      }
    }
    asking = false
  }
}
