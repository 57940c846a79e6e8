import { openOverlay } from '../frame/overlay.tsx'

/** Opens the rules by which texts are masked. */
export function openRules (): void {
  openOverlay(async () => (await import('./rules.tsx')).MaskRules)
}
