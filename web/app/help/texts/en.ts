/** Texts in English. */
export const en = {
  help: {
    title: 'Keys',
    groups: { list: 'List', log: 'A log', search: 'Query and time', view: 'View', page: 'Page' },
    off: 'Keys without Ctrl run commands',
    none: 'no key'
  },
  palette: {
    title: 'Commands',
    label: 'Find a command, a screen or a saved search',
    groups: { commands: 'Commands', screens: 'Screens', searches: 'Saved searches' },
    nothing: 'Nothing of this name.'
  }
}
