import { identity, signOut } from './session.ts'
import { texts } from '../texts/index.ts'
import { navigate, view } from '../view/location.ts'
import { defaultView, formatView, type Screen } from '../view/view.ts'

const everybody: readonly Screen[] = ['logs', 'errors', 'send', 'account']
const administrators: readonly Screen[] = ['users', 'storage', 'dead-letters', 'audit']

/** The head of the page: its screens, and the user. */
export function Navigation () {
  const { navigation } = texts.value
  const screens = identity.value?.admin ? [...everybody, ...administrators] : everybody
  return (
    <header class='top'>
      <a class='skip' href='#content'>{navigation.skip}</a>
      <strong>LoggerBot</strong>
      <nav aria-label={navigation.label}>
        {screens.map((screen) => (
          <a
            key={screen}
            href={`./${formatView({ ...defaultView, screen })}`}
            aria-current={view.value.screen === screen ? 'page' : undefined}
            onClick={(event) => {
              if (event.ctrlKey || event.metaKey || event.shiftKey) return
              event.preventDefault()
              navigate({ ...defaultView, screen })
            }}
          >
            {navigation.screens[screen]}
          </a>
        ))}
      </nav>
      <span class='top-user'>{identity.value?.user}</span>
      <button type='button' onClick={() => { void signOut() }}>{navigation.signOut}</button>
    </header>
  )
}
