import type { ComponentChildren } from 'preact'
import { Dialog } from './dialog.tsx'
import { FormButtons, FormProblem, useForm } from './form.tsx'
import { texts } from '../texts/index.ts'

export interface ConfirmProps {
  title: string
  submit: string
  /** What will happen, in words and numbers. */
  children: ComponentChildren
  run (): Promise<void>
  onClose (): void
}

/** Asks before it does something that cannot be undone. */
export function Confirm ({ title, submit, children, run, onClose }: ConfirmProps) {
  const form = useForm(async () => {
    await run()
    onClose()
  })
  return (
    <Dialog title={title} onClose={onClose}>
      <form class='form' onSubmit={form.handleSubmit}>
        {children}
        <FormProblem form={form} fields={[]} />
        <FormButtons form={form} submit={submit}>
          <button type='button' onClick={onClose}>{texts.value.common.cancel}</button>
        </FormButtons>
      </form>
    </Dialog>
  )
}
