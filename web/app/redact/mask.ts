/** What stands for a masked text of any length. */
export const mask = '█████'

/** Masks a text; `name` is that of its attribute. */
export type Redactor = (text: string, name?: string) => string
