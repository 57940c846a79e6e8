/** Texts in English. A text with values is a function. */
export const saved = {
  saved: {
    label: 'Saved searches',
    all: 'All logs',
    changed: 'changed',
    save: 'Save search',
    saveAs: 'Save as …',
    replace: 'Replace',
    conflict: 'This search was changed elsewhere meanwhile. It is shown as it is stored now: try again.'
  }
}
