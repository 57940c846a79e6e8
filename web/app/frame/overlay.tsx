import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { texts } from '../texts/index.ts'
import { notify } from './notices.tsx'

export interface OverlayProps {
  onClose (): void
}

const shown = signal<ComponentType<OverlayProps> | undefined>(undefined)

/** Opens a dialog whose code is a file of its own, read when it is first opened. */
export function openOverlay (load: () => Promise<ComponentType<OverlayProps>>): void {
  load().then((Shown) => { shown.value = Shown }, () => { notify(texts.value.common.unread) })
}

/** The dialog that is open over the screen. */
export function Overlay () {
  const Shown = shown.value
  return Shown ? <Shown onClose={() => { shown.value = undefined }} /> : null
}
