import type { Log } from '../api/types.ts'
import { copy } from '../detail/copy.ts'
import { wholeOf } from '../detail/whole.ts'
import { useCommands } from '../frame/commands.ts'
import { notify } from '../frame/notices.tsx'
import type { Refinement } from '../query/refine.ts'
import { afterTime } from '../rows/read.ts'
import { texts } from '../texts/index.ts'
import { addressOf, navigate, view } from '../view/location.ts'
import type { Wrap } from '../view/view.ts'
import { askLater } from './ask-later.ts'
import type { ListControl } from './control.ts'
import { goToError } from './next-error.ts'

export const nextWrap: Record<Wrap, Wrap> = { one: 'some', some: 'all', all: 'one' }
/** Milliseconds before and after a single log to which the view is zoomed. */
const zoomMs = 30_000

/** The keys of a list. */
export function useListCommands (control: ListControl): void {
  const { search, rows } = control
  const toStart = () => { void search.toStart().then(() => control.activate(search.segments.start)) }
  const toEnd = () => { void search.toEnd().then(() => control.activate(search.segments.end - 1)) }
  const isDown = search.wanted.order === 'newest'
  useCommands([
    { name: 'nextRow', keys: ['j', 'ArrowDown'], run: () => control.move(1) },
    { name: 'previousRow', keys: ['k', 'ArrowUp'], run: () => control.move(-1) },
    { name: 'selectNext', keys: ['Shift+J', 'Shift+ArrowDown'], run: () => control.move(1, true) },
    { name: 'selectPrevious', keys: ['Shift+K', 'Shift+ArrowUp'], run: () => control.move(-1, true) },
    { name: 'pageDown', keys: ['PageDown'], run: () => control.move(rows.screenRows) },
    { name: 'pageUp', keys: ['PageUp'], run: () => control.move(-rows.screenRows) },
    { name: 'firstRow', keys: ['Home'], run: toStart },
    { name: 'lastRow', keys: ['End'], run: toEnd },
    { name: 'newest', keys: ['g g'], run: isDown ? toStart : toEnd },
    { name: 'oldest', keys: ['Shift+G'], run: isDown ? toEnd : toStart },
    { name: 'open', keys: ['o'], run: () => control.toggle() },
    { name: 'nextError', keys: ['e'], run: () => goOrSay(control, 1) },
    { name: 'previousError', keys: ['Shift+E'], run: () => goOrSay(control, -1) },
    { name: 'only', keys: ['='], run: () => askFocused(control, 'only') },
    { name: 'out', keys: ['!'], run: () => askFocused(control, 'out') },
    { name: 'around', keys: ['c'], run: () => { if (control.log) navigate({ around: control.log.id, opened: '' }) } },
    { name: 'copyMessage', keys: ['y'], run: () => { void copySelected(control, ({ message }) => message) } },
    { name: 'copyJson', keys: ['Shift+Y'], run: () => { void copySelected(control, (log) => JSON.stringify(log)) } },
    { name: 'copyLink', keys: ['l'], run: () => copyLink(control, false) },
    { name: 'copyAbsoluteLink', keys: ['Shift+L'], run: () => copyLink(control, true) },
    { name: 'wrap', keys: ['w'], run: () => navigate({ wrap: nextWrap[view.value.wrap] }, { replace: true }) },
    { name: 'fold', keys: ['x'], run: () => navigate({ isFolded: !view.value.isFolded }, { replace: true }) },
    { name: 'zoom', keys: ['z'], run: () => zoom(control) },
    { name: 'back', keys: ['Escape'], run: () => goBack(control) }
  ])
}

function goOrSay (control: ListControl, step: 1 | -1): void {
  void goToError(control, step).then((found) => { if (found === 'none') notify(texts.value.list.noError) })
}

/** Asks for the value that has the focus, or the pointer over it; else for the process of the active row. */
function askFocused ({ log }: ListControl, how: Refinement): void {
  const focused = document.activeElement?.closest<HTMLElement>('[data-field]') ??
    document.querySelector<HTMLElement>('[data-field]:hover')
  const { field, value } = focused?.dataset ?? { field: 'process', value: log?.process }
  if (field && value) askLater(field, value, how)
}

async function copySelected ({ selected }: ListControl, format: (log: Log) => string): Promise<void> {
  copy((await Promise.all(selected.map((log) => wholeOf(log)))).map(format).join('\n'))
  notify(texts.value.common.copied)
}

/** Copies the address of this view with the active log opened; with absolute times it shows the same logs for ever. */
function copyLink ({ log, search }: ListControl, isAbsolute: boolean): void {
  const { times } = search.state.value
  const frozen = isAbsolute && times ? { from: times.from ?? '', to: times.to ?? '', asOf: times.asOf } : {}
  copy(new URL(addressOf({ opened: log?.id ?? '', ...frozen }), location.href).href)
  notify(texts.value.common.copied)
}

/** Shows the time of the selected logs alone. */
function zoom ({ selected }: ListControl): void {
  const times = selected.map(({ at }) => at).sort()
  const [first, last] = [times[0], times.at(-1)]
  if (first === undefined || last === undefined) return
  const shifted = (at: string, ms: number) => new Date(Date.parse(at) + ms).toISOString()
  navigate(times.length > 1
    ? { from: first, to: afterTime(last), asOf: '' }
    : { from: shifted(first, -zoomMs), to: shifted(last, zoomMs), asOf: '' })
}

/** Leaves what was entered last: selected text, the opened log, the selected rows, the context. */
function goBack (control: ListControl): void {
  const selection = getSelection()
  if (selection?.type === 'Range') selection.removeAllRanges()
  else if (view.value.opened !== '') navigate({ opened: '' }, { replace: true })
  else if (control.start.value !== control.active.value) control.start.value = control.active.value
  else if (view.value.around !== '') navigate({ around: '', same: 'process' })
}
