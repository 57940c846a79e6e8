/** Texts below the query bar. */
export const en = {
  suggestions: 'Suggestions',
  history: 'Earlier queries',
  noHistory: 'No earlier queries',
  /** For screen readers. */
  found: (count: number) => count === 1 ? '1 suggestion' : `${count} suggestions`,
  atLeast: (count: string) => `≥ ${count}`,
  hint: 'All logs. “?” shows examples, ↑ earlier queries, Ctrl+Space fields, “@” saved searches.',
  examples: {
    title: 'Examples of queries',
    note: 'Made of what your logs have. A click runs one.',
    groups: {
      words: 'Words of the message',
      levels: 'Levels',
      fields: 'Fields and attributes',
      numbers: 'Numbers',
      together: 'Together'
    }
  },
  /** What a query was understood to be: phrases that are listed, each also in its negated form. */
  reading: {
    all: 'all logs',
    nothing: 'no logs',
    word: (text: string) => `with the word “${text}”`,
    notWord: (text: string) => `without the word “${text}”`,
    text: (text: string) => `with the text “${text}”`,
    notText: (text: string) => `without the text “${text}”`,
    like: (text: string) => `with a word like “${text}”`,
    notLike: (text: string) => `without a word like “${text}”`,
    value: (field: string, value: string) => `${field} is “${value}”`,
    notValue: (field: string, value: string) => `${field} is not “${value}”`,
    valueLike: (field: string, value: string) => `${field} is like “${value}”`,
    notValueLike: (field: string, value: string) => `${field} is not like “${value}”`,
    oneOf: (field: string, values: string) => `${field} is one of ${values}`,
    noneOf: (field: string, values: string) => `${field} is none of ${values}`,
    quoted: (value: string) => `“${value}”`,
    regex: (field: string, source: string) => `${field} matches /${source}/`,
    notRegex: (field: string, source: string) => `${field} does not match /${source}/`,
    exists: (field: string) => `${field} is there`,
    notExists: (field: string) => `${field} is not there`,
    level: (levels: string) => `level ${levels}`,
    levelFrom: (level: string) => `${level} or worse`,
    levelTo: (level: string) => `${level} or less severe`,
    anyLevel: 'any level',
    noLevel: 'no level at all',
    not: (condition: string) => `not (${condition})`
  }
}
