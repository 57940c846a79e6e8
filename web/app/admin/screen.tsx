import '../style/admin.css'
import '../style/tabs.css'
import type { ComponentChildren } from 'preact'
import { adminScreens, isAdmin } from '../frame/screen-names.ts'
import { ScreenLink } from '../frame/screen-link.tsx'
import { identity } from '../frame/session.ts'
import { texts } from '../texts/index.ts'
import type { Screen } from '../view/view.ts'
import { adminTexts } from './texts/index.ts'

/** One of the administrators' screens, beside links to the others. */
export function AdminScreen ({ screen, children }: { screen: Screen, children: ComponentChildren }) {
  const { navigation } = texts.value
  const words = adminTexts.value
  return (
    <main id='content' class='screen admin' tabIndex={-1}>
      {isAdmin(identity.value)
        ? (
          <>
            <nav class='tabs' aria-label={words.label}>
              {adminScreens.map((other) => <ScreenLink key={other} screen={other} />)}
            </nav>
            <h1>{navigation.screens[screen]}</h1>
            {children}
          </>
          )
        : (
          <>
            <h1>{navigation.screens[screen]}</h1>
            <p>{words.refused}</p>
          </>
          )}
    </main>
  )
}
