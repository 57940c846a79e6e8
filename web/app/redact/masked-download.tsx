import { useSignal } from '@preact/signals'
import { ApiError } from '../api/error.ts'
import { explain } from '../api/explain.ts'
import { send } from '../api/client.ts'
import { settings } from '../frame/settings.ts'
import { maskedFile, type Format } from './masked-file.ts'
import { rulesOf } from './redactor.ts'
import { redactTexts } from './texts/index.ts'

const extensions: Record<Format, string> = { ndjson: 'ndjson', csv: 'csv', text: 'txt' }

/** Downloads an export whose texts are masked as on the screen. */
export function MaskedDownload ({ link, format, label }: { link: string, format: Format, label: string }) {
  const state = useSignal('')
  const isBusy = useSignal(false)
  const words = redactTexts.value
  const download = async () => {
    const { kinds, expressions } = settings.peek().redaction
    isBusy.value = true
    state.value = words.making
    try {
      save(await maskedFile(await send(link), format, rulesOf(kinds, expressions)), `logs.${extensions[format]}`)
      state.value = ''
    } catch (error) {
      // A connection that was cut is no refusal.
      state.value = error instanceof ApiError ? explain(error) : words.cut
    } finally {
      isBusy.value = false
    }
  }
  return (
    <>
      <p class='hint'>{words.file}</p>
      <p>
        <button type='button' class='primary' disabled={isBusy.value} onClick={() => { void download() }}>
          {label}
        </button>
        {' '}
        <span role='status'>{state.value}</span>
      </p>
    </>
  )
}

function save (file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
