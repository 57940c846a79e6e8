/** Texts in English. A text with values is a function. */
export const detail = {
  detail: {
    only: (field: string, value: string) => `Only ${field} ${value}`,
    out: (field: string, value: string) => `Without ${field} ${value}`,
    column: (field: string) => `Show ${field} as a column`,
    copy: 'Copy',
    copyMessage: 'Copy the message',
    copyJson: 'Copy as JSON',
    copyLink: 'Copy a link',
    around: 'Around it',
    filter: (count: number) => `Filter ${count} attributes`,
    frames: (count: number) => `${count} frames of libraries`,
    moreNodes: (count: number) => `${count} more`,
    arrived: (delay: string) => `arrived ${delay} later`,
    loading: 'Reading the whole log …'
  }
}
