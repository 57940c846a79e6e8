// All that is shown, as the query string of the address, and back. What has its default value is left out; parameters
// of other versions are kept.

const screens = ['logs', 'errors', 'alerts', 'send', 'account', 'users', 'storage', 'dead-letters', 'audit'] as const

const tabs = ['rules', 'new', 'channels', 'told'] as const

export type Screen = typeof screens[number]
/** What the screen of alerts shows; `new`: a new rule, of the query. */
export type Tab = typeof tabs[number]
export type Order = 'newest' | 'oldest'
/** Lines of a message in the list: one, at most six, all. */
export type Wrap = 'one' | 'some' | 'all'

/** A column of the list: a field or an attribute by its dotted name. */
export interface Column {
  name: string
  /** In characters; undefined: as the style sheet says. */
  width?: number
}

export interface View {
  screen: Screen
  tab: Tab
  query: string
  /** As the API takes it: `-1h`, an ISO time, or empty for no bound. */
  from: string
  to: string
  /** The user to search, for administrators; empty: all. */
  user: string
  order: Order
  columns: readonly Column[]
  /** The field by which the histogram is stacked. */
  by: string
  wrap: Wrap
  isUtc: boolean
  isLive: boolean
  /** Name of the user's saved search that is shown; empty: none. */
  saved: string
  /** The log, the group of errors or the rule that is opened; empty: none. */
  opened: string
  /** The log in whose context the list is; empty: the list is the search's. */
  around: string
  /** What its context has in common with it: `process`, `user` or `attribute:NAME`. */
  same: string
  /** Whether neighbours that say the same are one row. */
  isFolded: boolean
  /** A frozen view of a link. */
  asOf: string
  /** Parameters that this version does not know. */
  others: ReadonlyArray<readonly [name: string, value: string]>
}

const defaultColumns: readonly Column[] =
  [{ name: 'time' }, { name: 'level' }, { name: 'process' }, { name: 'message' }]

export const defaultView: View = {
  screen: 'logs',
  tab: 'rules',
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
  saved: '',
  opened: '',
  around: '',
  same: 'process',
  isFolded: false,
  asOf: '',
  others: []
}

/** A parameter of the address, and the part of a view that it stands for. */
interface Parameter {
  /** Changes the view. What is not valid changes nothing. */
  read (text: string, view: View): void
  write (view: View): string
}

type Texts = 'query' | 'from' | 'to' | 'user' | 'by' | 'saved' | 'opened' | 'around' | 'same' | 'asOf'

function text (key: Texts): Parameter {
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

/** Values that are their own names. */
function namesOf<Value extends string> (values: readonly Value[]): Record<string, Value> {
  return Object.fromEntries(values.map((value) => [value, value]))
}

const parameters: Record<string, Parameter> = {
  v: choice('screen', namesOf(screens)),
  tab: choice('tab', namesOf(tabs)),
  q: text('query'),
  from: text('from'),
  to: text('to'),
  user: text('user'),
  o: choice('order', { newest: 'newest', oldest: 'oldest' }),
  c: {
    read (text, view) {
      view.columns = text.split(',').filter((column) => column !== '').map(readColumn)
    },
    write: ({ columns }) => columns.map(writeColumn).join(',')
  },
  by: text('by'),
  w: choice('wrap', { 1: 'one', 6: 'some', all: 'all' }),
  tz: choice('isUtc', { local: false, utc: true }),
  live: choice('isLive', { 0: false, 1: true }),
  s: text('saved'),
  open: text('opened'),
  log: text('around'),
  same: text('same'),
  x: choice('isFolded', { 0: false, 1: true }),
  as: text('asOf')
}

/** Writes a column as text: `process`, `order.status:12`. */
export function writeColumn ({ name, width }: Column): string {
  return `${encodeURIComponent(name)}${width === undefined ? '' : `:${width}`}`
}

/** Reads what `writeColumn` wrote. */
export function readColumn (text: string): Column {
  const [, name = text, width] = /^(.*):(\d{1,3})$/s.exec(text) ?? []
  return { name: decodeURIComponent(name), ...width !== undefined && { width: Number(width) } }
}

/** Reads the query string of an address. What is not there, or not valid, is as in the default view. */
export function parseView (search: string, standard = defaultView): View {
  const view = { ...standard }
  for (const [name, value] of new URLSearchParams(search)) {
    if (Object.hasOwn(parameters, name)) tryRead(() => parameters[name]?.read(value, view))
    else view.others = [...view.others, [name, value]]
  }
  return view
}

/** Writes the query string of a view, with `?`; empty for the default view. */
export function formatView (view: View, standard = defaultView): string {
  const search = new URLSearchParams()
  for (const [name, { write }] of Object.entries(parameters)) {
    const value = write(view)
    if (value !== write(standard)) search.append(name, value)
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
