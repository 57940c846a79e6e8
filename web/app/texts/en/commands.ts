/** Names of the commands, as the palette and the help list them. */
export const commands = {
  commands: {
    query: 'Go to the query',
    queryProblem: 'Go to what is wrong with the query',
    run: 'Run the search again',
    palette: 'All commands',
    help: 'Keys'
  }
}
