/** Names of the commands, as the palette and the help list them. */
export const commands = {
  commands: {
    query: 'Go to the query',
    queryProblem: 'Go to what is wrong with the query',
    run: 'Run the search again',
    palette: 'All commands',
    help: 'Keys',
    time: 'Choose the time range',
    earlier: 'Move the time range back',
    later: 'Move the time range forward',
    widen: 'Double the time range',
    zone: 'Switch between local time and UTC',
    chart: 'Show or hide the histogram',
    facets: 'Show or hide the facets'
  }
}
