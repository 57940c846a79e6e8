const number = new Intl.NumberFormat('en')
const plural = new Intl.PluralRules('en')

/** Texts in English. A text with values is a function. */
export const en = {
  title: 'Export the logs',
  counting: 'Counting …',
  count (logs: number, isExact: boolean) {
    const text = plural.select(logs) === 'one' ? `${number.format(logs)} log` : `${number.format(logs)} logs`
    return isExact ? `The file will have ${text}.` : `The file will have ${text} or more: not all are counted.`
  },
  formats: { label: 'Format', text: 'Text' },
  columns: { label: 'Columns', all: 'All', shown: 'Those shown' },
  guarded: 'A text that a spreadsheet would take for a formula gets an apostrophe in front.',
  download: 'Download'
}
