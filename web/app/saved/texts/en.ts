/** Texts in English. A text with values is a function. */
export const en = {
  saving: {
    title: 'Save the search',
    name: 'Name',
    what: 'Saved are the query, the time range, the order, the columns and the field of the histogram.',
    shared: 'All users of the server may use it, on the logs that they may see',
    replace: 'Replace',
    taken: 'A search of this name was saved elsewhere. Choose another name, or reload the page.',
    badName: 'A name has 1 to 100 characters, none of them invisible.'
  },
  manage: {
    title: 'Saved searches',
    none: 'None yet. “Save search” above the list keeps what it shows.',
    others: 'Shared by others',
    shared: 'shared',
    up: (name: string) => `Move ${name} up`,
    down: (name: string) => `Move ${name} down`,
    remove: (name: string) => `Delete ${name}`
  }
}
