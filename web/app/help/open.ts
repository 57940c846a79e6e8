import { openOverlay } from '../frame/overlay.tsx'

/** Opens the list of all commands and their keys. */
export function openHelp (): void {
  openOverlay(async () => (await import('./help.tsx')).Help)
}

/** Opens the palette, which finds commands, screens and saved searches by their names. */
export function openPalette (): void {
  openOverlay(async () => (await import('./palette.tsx')).Palette)
}
