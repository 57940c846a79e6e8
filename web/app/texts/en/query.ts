/** Texts in English. A text with values is a function. */
export const query = {
  query: {
    label: 'Query',
    placeholder: 'level:>=warning payment',
    run: 'Search',
    clear: 'Clear the query',
    examples: 'Examples of queries',
    goToProblem: 'Show where'
  }
}
