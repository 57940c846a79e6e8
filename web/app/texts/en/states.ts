/** Texts in English. A text with values is a function. */
export const states = {
  states: {
    away: 'The server does not answer. What you see stays, and goes on by itself.',
    database: (time: string) => (
      `The database has not answered since ${time}. What you see stays, and goes on by itself.`
    ),
    busy: 'The server is busy.',
    limited: 'Too many requests at the same time.',
    nextTry: (seconds: number) => `Next attempt in ${seconds} s.`,
    newVersion: 'The server has a new version of this page.',
    reload: 'Reload'
  }
}
