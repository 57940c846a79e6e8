import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import close from 'icon:x'
import { texts } from '../texts/index.ts'
import { IconButton } from './icon.tsx'

export interface DialogProps {
  title: string
  /** Called once it is closed, by Escape, too. */
  onClose (): void
  children: ComponentChildren
}

/** A modal dialog. The focus returns to where it was. */
export function Dialog ({ title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const opener = document.activeElement
    dialog.current?.showModal()
    return () => { if (opener instanceof HTMLElement) opener.focus() }
  }, [])
  return (
    <dialog ref={dialog} class='dialog' aria-labelledby={id} onClose={onClose}>
      <header>
        <h2 id={id}>{title}</h2>
        <IconButton nodes={close} label={texts.value.common.close} onClick={() => dialog.current?.close()} />
      </header>
      {children}
    </dialog>
  )
}
