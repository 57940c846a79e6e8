/** Texts in English. A text with values is a function. */
export const common = {
  language: 'English',
  levels: { debug: 'debug', info: 'info', warning: 'warning', error: 'error', critical: 'critical' },
  common: {
    loading: 'Loading …',
    unread: 'A part of the page could not be read. Reload the page if this lasts.',
    close: 'Close',
    retry: 'Try again',
    cancel: 'Cancel',
    copy: 'Copy',
    copied: 'Copied'
  }
}
