import { effect } from '@preact/signals'
import { texts } from '../texts/index.ts'
import { addressOf, navigate, standardView, view } from '../view/location.ts'
import type { Screen, View } from '../view/view.ts'

/** What each screen showed last, so that one comes back to it. */
const last = new Map<Screen, View>()

effect(() => { last.set(view.value.screen, view.value) })

/** What a screen shows, or showed when it was left. */
export function lastViewOf (screen: Screen): View {
  return last.get(screen) ?? { ...standardView.value, screen }
}

/** Shows a screen as it was left; the present one as it is at first. */
export function openScreen (screen: Screen): void {
  navigate(viewOf(screen))
}

function viewOf (screen: Screen): View {
  return view.value.screen === screen ? { ...standardView.value, screen } : lastViewOf(screen)
}

/** A link to a screen. */
export function ScreenLink ({ screen }: { screen: Screen }) {
  return (
    <a
      href={addressOf(viewOf(screen))}
      aria-current={view.value.screen === screen ? 'page' : undefined}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
        openScreen(screen)
      }}
    >
      {texts.value.navigation.screens[screen]}
    </a>
  )
}
