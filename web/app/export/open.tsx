import { openOverlay, type OverlayProps } from '../frame/overlay.tsx'
import type { Search } from '../rows/search.ts'

/** Opens the dialog that exports the logs of a search. */
export function openExport (search: Search): void {
  openOverlay(async () => {
    const { Export } = await import('./export.tsx')
    return ({ onClose }: OverlayProps) => <Export search={search} onClose={onClose} />
  })
}
