import '../style/dialogs.css'
import { useSignal } from '@preact/signals'
import type { ApiError } from '../api/client.ts'
import { Dialog } from '../frame/dialog.tsx'
import { Field, FormButtons, FormProblem, useForm, type Refusal } from '../frame/form.tsx'
import type { OverlayProps } from '../frame/overlay.tsx'
import { textIn } from '../frame/text-in.ts'
import { texts } from '../texts/index.ts'
import { navigate, view } from '../view/location.ts'
import { bodyOf, ownSearches, saveSearch, shownSearch } from './searches.ts'
import { savedTexts } from './texts/index.ts'

/** Saves what is shown under a name: a new one, or that of a search which it replaces. */
export function Saving ({ onClose }: OverlayProps) {
  const name = useSignal(shownSearch.value?.name ?? '')
  const replaced = ownSearches.value.find((search) => search.name === name.value.trim())
  const form = useForm(async (fields) => {
    const written = textIn(fields, 'name').trim()
    const shared = fields.has('shared')
    const position = replaced?.position ?? ownSearches.value.length
    await saveSearch(written, { ...bodyOf(view.value), shared, position }, replaced?.etag)
    navigate({ saved: written }, { replace: true })
    onClose()
  }, explain)
  const { saving } = savedTexts.value
  return (
    <Dialog title={saving.title} onClose={onClose}>
      <form class='form' onSubmit={form.handleSubmit}>
        <Field
          name='name'
          label={saving.name}
          refusal={form.refusal}
          autocomplete='off'
          value={name.value}
          required
          autofocus
          onInput={(event) => { name.value = event.currentTarget.value }}
        />
        <p class='hint'>{saving.what}</p>
        <p>
          <label class='choice'>
            <input type='checkbox' name='shared' defaultChecked={replaced?.shared} />
            {saving.shared}
          </label>
        </p>
        <FormProblem form={form} fields={['name']} />
        <FormButtons form={form} submit={replaced ? saving.replace : texts.value.saved.save} />
      </form>
    </Dialog>
  )
}

function explain ({ status, fault }: ApiError): Refusal | undefined {
  const { taken, badName } = savedTexts.value.saving
  if (status === 412) return { field: 'name', text: taken }
  return fault?.field === 'name' ? { field: 'name', text: badName } : undefined
}
