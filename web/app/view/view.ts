// All that is shown, as the query string of the address, and back. What has its default value is left out; parameters
// of other versions are kept.

const screens = ['logs', 'errors', 'send', 'account', 'users', 'storage', 'dead-letters', 'audit'] as const

export type Screen = typeof screens[number]
export type Order = 'newest' | 'oldest'
/** Lines of a message in the list: one, at most six, all. */
export type Wrap = 'one' | 'some' | 'all'

export interface View {
  screen: Screen
  query: string
  /** As the API takes it: `-1h`, an ISO time, or empty for no bound. */
  from: string
  to: string
  /** The user to search, for administrators; empty: all. */
  user: string
  order: Order
  columns: readonly string[]
  /** The field by which the histogram is stacked. */
  by: string
  wrap: Wrap
  isUtc: boolean
  isLive: boolean
  /** The log that is opened; empty: none. */
  opened: string
  /** A frozen view of a link. */
  asOf: string
  /** Parameters that this version does not know. */
  others: ReadonlyArray<readonly [name: string, value: string]>
}

export const defaultColumns = ['time', 'level', 'process', 'message'] as const

export const defaultView: View = {
  screen: 'logs',
  query: '',
  from: '-1h',
  to: '',
  user: '',
  order: 'newest',
  columns: defaultColumns,
  by: 'level',
  wrap: 'one',
  isUtc: false,
  isLive: false,
  opened: '',
  asOf: '',
  others: []
}

/** A parameter of the address, and the part of a view that it stands for. */
interface Parameter {
  /** Changes the view. What is not valid changes nothing. */
  read (text: string, view: View): void
  write (view: View): string
}

function text (key: 'query' | 'from' | 'to' | 'user' | 'by' | 'opened' | 'asOf'): Parameter {
  return {
    read (text, view) { view[key] = text },
    write: (view) => view[key]
  }
}

/** A choice by names; the view has the values. */
function choice<Key extends keyof View> (key: Key, values: Record<string, View[Key]>): Parameter {
  return {
    read (text, view) {
      const value = Object.hasOwn(values, text) ? values[text] : undefined
      if (value !== undefined) view[key] = value
    },
    write: (view) => Object.keys(values).find((name) => values[name] === view[key]) ?? ''
  }
}

const parameters: Record<string, Parameter> = {
  v: choice('screen', Object.fromEntries(screens.map((screen) => [screen, screen]))),
  q: text('query'),
  from: text('from'),
  to: text('to'),
  user: text('user'),
  o: choice('order', { newest: 'newest', oldest: 'oldest' }),
  c: {
    read (text, view) {
      view.columns = text.split(',').filter((name) => name !== '').map(decodeURIComponent)
    },
    write: ({ columns }) => columns.map(encodeURIComponent).join(',')
  },
  by: text('by'),
  w: choice('wrap', { 1: 'one', 6: 'some', all: 'all' }),
  tz: choice('isUtc', { local: false, utc: true }),
  live: choice('isLive', { 0: false, 1: true }),
  open: text('opened'),
  as: text('asOf')
}

/** Reads the query string of an address. What is not valid there has its default. */
export function parseView (search: string): View {
  const view = { ...defaultView }
  for (const [name, value] of new URLSearchParams(search)) {
    if (Object.hasOwn(parameters, name)) tryRead(() => parameters[name]?.read(value, view))
    else view.others = [...view.others, [name, value]]
  }
  return view
}

/** Writes the query string of a view, with `?`; empty for the default view. */
export function formatView (view: View): string {
  const search = new URLSearchParams()
  for (const [name, { write }] of Object.entries(parameters)) {
    const value = write(view)
    if (value !== write(defaultView)) search.append(name, value)
  }
  for (const [name, value] of view.others) search.append(name, value)
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}

function tryRead (read: () => void): void {
  try {
    read()
  } catch {
    // A broken escape: the default stays.
  }
}
