/** Texts in English. A text with values is a function. */
export const common = {
  language: 'English',
  levels: { debug: 'debug', info: 'info', warning: 'warning', error: 'error', critical: 'critical' },
  common: {
    loading: 'Loading …',
    close: 'Close',
    cancel: 'Cancel',
    copy: 'Copy',
    copied: 'Copied'
  },
  problems: {
    offline: 'The server does not answer. Trying again …',
    overloaded: 'The server is busy. Trying again …',
    unknown: (detail: string) => `The server refused: ${detail}`
  }
}
