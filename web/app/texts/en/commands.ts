/** Names of the commands, as the palette and the help list them. */
export const commands = {
  commands: {
    run: 'Run the search again'
  }
}
