import { useSignal } from '@preact/signals'
import type { ComponentChildren, TargetedInputEvent } from 'preact'
import { useId } from 'preact/hooks'
import { ApiError } from '../api/client.ts'
import { explain } from '../api/explain.ts'

/** Why a form was refused, and the field that this is about; without one, the form. */
export interface Refusal {
  field?: string
  text: string
}

export interface FormState {
  isBusy: boolean
  refusal: Refusal | undefined
  handleSubmit (event: SubmitEvent): void
}

/** Sends what a form holds; what is refused is kept, to be shown. `explainHere` has the form's own words. */
export function useForm (
  send: (fields: FormData) => Promise<void>,
  explainHere: (error: ApiError) => Refusal | undefined = () => undefined
): FormState {
  const refusal = useSignal<Refusal | undefined>(undefined)
  const isBusy = useSignal(false)
  const submit = async (form: HTMLFormElement) => {
    isBusy.value = true
    refusal.value = undefined
    try {
      await send(new FormData(form))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      refusal.value = explainHere(error) ?? refusalOf(error)
    } finally {
      isBusy.value = false
    }
  }
  return {
    isBusy: isBusy.value,
    refusal: refusal.value,
    handleSubmit (event) {
      event.preventDefault()
      if (event.currentTarget instanceof HTMLFormElement) void submit(event.currentTarget)
    }
  }
}

function refusalOf (error: ApiError): Refusal {
  return { field: error.fault?.field, text: explain(error) }
}

export interface FieldProps {
  name: string
  label: string
  refusal: Refusal | undefined
  isPassword?: boolean
  autocomplete: 'username' | 'current-password' | 'new-password' | 'off'
  required?: boolean
  autofocus?: boolean
  value?: string
  /** What it has at first, where nothing else follows its text. */
  defaultValue?: string
  placeholder?: string
  maxLength?: number
  /** A regular expression that the whole text must match. */
  pattern?: string
  onInput? (event: TargetedInputEvent<HTMLInputElement>): void
}

/** A labelled input, with what was refused about it. */
export function Field ({ isPassword = false, label, refusal, name, ...others }: FieldProps) {
  const input = { ...others, autocapitalize: 'off', spellcheck: false } as const
  return (
    <Labelled name={name} label={label} refusal={refusal}>
      {(named) => isPassword ? <input {...input} {...named} type='password' /> : <input {...input} {...named} />}
    </Labelled>
  )
}

export interface LabelledProps extends Pick<FieldProps, 'name' | 'label' | 'refusal'> {
  /** Draws the control, with the attributes that it needs. */
  children (named: { name: string, 'aria-invalid': boolean, 'aria-describedby': string | undefined }): ComponentChildren
}

/** A control of a form under its label, with what was refused about it. */
export function Labelled ({ name, label, refusal, children }: LabelledProps) {
  const id = useId()
  const isRefused = refusal?.field === name
  return (
    <p class='field'>
      <label>
        {label}
        {children({ name, 'aria-invalid': isRefused, 'aria-describedby': isRefused ? id : undefined })}
      </label>
      {isRefused && <span id={id} class='problem' role='alert'>{refusal.text}</span>}
    </p>
  )
}

/** What was refused about none of the fields shown. */
export function FormProblem ({ form: { refusal }, fields }: { form: FormState, fields: readonly string[] }) {
  if (!refusal || (refusal.field !== undefined && fields.includes(refusal.field))) return null
  return <p class='problem' role='alert'>{refusal.text}</p>
}

/** The buttons at the end of a form. */
export function FormButtons ({ form, children, submit }: {
  form: FormState, submit: string, children?: ComponentChildren
}) {
  return (
    <p class='form-buttons'>
      <button type='submit' class='primary' disabled={form.isBusy}>{submit}</button>
      {children}
    </p>
  )
}
