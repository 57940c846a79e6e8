import '../style/dialogs.css'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ApiError, request, searchOf } from '../api/client.ts'
import { explain } from '../api/explain.ts'
import { Dialog } from '../frame/dialog.tsx'
import type { OverlayProps } from '../frame/overlay.tsx'
import { Choice } from '../frame/choice.tsx'
import { settings } from '../frame/settings.ts'
import { MaskedDownload } from '../redact/masked-download.tsx'
import type { Search } from '../rows/search.ts'
import { view } from '../view/location.ts'
import { exportTexts } from './texts/index.ts'

/** Downloads all logs of the frozen view, or says how many they are, first. */
export function Export ({ search, onClose }: OverlayProps & { search: Search }) {
  const format = useSignal<'ndjson' | 'csv' | 'text'>('ndjson')
  const which = useSignal<'all' | 'shown'>('all')
  const { title, formats, columns, download, guarded } = exportTexts.value
  const params = paramsOf(search)
  const link = `api/logs/export${searchOf({
    ...params,
    order: search.wanted.order,
    format: format.value,
    columns: which.value === 'shown' ? shownColumns() : undefined,
    // A browser opens the file with a spreadsheet, which would run the formulas of strangers.
    formulas: format.value === 'csv' ? 'guard' : undefined
  })}`
  return (
    <Dialog title={title} onClose={onClose}>
      <Count params={params} />
      <Choice
        name='format'
        label={formats.label}
        values={[['ndjson', 'NDJSON'], ['csv', 'CSV'], ['text', formats.text]]}
        chosen={format.value}
        onChoose={(chosen) => { format.value = chosen }}
      />
      <Choice
        name='columns'
        label={columns.label}
        values={[['all', columns.all], ['shown', columns.shown]]}
        chosen={which.value}
        onChoose={(chosen) => { which.value = chosen }}
      />
      {format.value === 'csv' && <p class='hint'>{guarded}</p>}
      {settings.value.redaction.isOn
        ? <MaskedDownload link={link} format={format.value} label={download} />
        : <p><a class='primary-link' href={link} download>{download}</a></p>}
    </Dialog>
  )
}

/** The logs that the list shows, whatever arrived since. */
function paramsOf ({ wanted: { query, user }, state }: Search) {
  const { from, to, asOf } = state.peek().times ?? { from: null, to: null, asOf: undefined }
  return { query, user, from: from ?? undefined, to: to ?? undefined, asOf }
}

function shownColumns (): string {
  return [...new Set(view.value.columns.map(({ name }) => name === 'time' ? 'at' : name))].join(',')
}

function Count ({ params }: { params: ReturnType<typeof paramsOf> }) {
  const text = useSignal(exportTexts.value.counting)
  useEffect(() => {
    const ended = new AbortController()
    request<{ count: number, complete: boolean }>('api/logs/count', { params, signal: ended.signal }).then(
      ({ count, complete }) => { text.value = exportTexts.value.count(count, complete) },
      (error: unknown) => { if (error instanceof ApiError) text.value = explain(error) })
    return () => ended.abort()
    // The view is frozen: it is counted once.
  }, [])
  return <p role='status'>{text.value}</p>
}
