import { counterOf } from '../counter.ts'

const frames = counterOf('en', { one: 'frame', other: 'frames' })

/** Texts in English. A text with values is a function. */
export const detail = {
  detail: {
    label: 'The log',
    tabs: { fields: 'Fields', json: 'JSON', sql: 'SQL' },
    fields: 'Fields',
    attributes: 'Attributes',
    only: (field: string, value: string) => `Only ${field} ${value}`,
    out: (field: string, value: string) => `Without ${field} ${value}`,
    atLeast: (field: string, value: string) => `Only ${field} from ${value} on`,
    column: (field: string) => `Show ${field} as a column`,
    localTime: (clock: string) => `${clock} here`,
    around: 'Around',
    copyLink: 'Copy a link',
    formats: { message: 'Message', line: 'Line of text', json: 'JSON', curl: 'curl', sql: 'SQL' },
    sqlInexact: 'SQL cannot tell all conditions of this search: it finds every log of it, and maybe others.',
    filter: (count: number) => `Filter ${count} attributes`,
    frames: (count: number) => `${frames(count)} of libraries`,
    showAll: (characters: string) => `Show all ${characters} characters`,
    moreNodes: (count: number) => `${count} more`,
    loading: 'Reading the whole log …',
    selection: 'The selected text',
    onlyText: 'with it',
    outText: 'without it'
  }
}
