import { useSignalEffect } from '@preact/signals'
import { useCommands } from './commands.ts'
import { Connection } from './connection.tsx'
import { lazy } from './lazy.tsx'
import { Navigation } from './navigation.tsx'
import { Notices } from './notices.tsx'
import { Overlay } from './overlay.tsx'
import { ScreenOf } from './screens.tsx'
import { firstStep, hasSessionEnded, identity } from './session.ts'
import { title } from './title.ts'
import { openHelp, openPalette } from '../help/open.ts'
import { view } from '../view/location.ts'

const SignIn = lazy(async () => (await import('./sign-in.tsx')).SignIn)
const SignInAgain = lazy(async () => (await import('./sign-in.tsx')).SignInAgain)

/** The page: a form for a browser that is signed out, else the screen of the address; at first, the steps to it. */
export function App () {
  useSignalEffect(() => { document.title = title.value })
  if (identity.value === undefined) return <Connection />
  if (identity.value) return <SignedIn />
  return (
    <>
      <Connection />
      {firstStep.value === undefined ? <SignIn /> : <ScreenOf screen='first-visit' />}
      <Notices />
    </>
  )
}

function SignedIn () {
  const { screen } = view.value
  useCommands([
    { name: 'palette', keys: ['Ctrl+K'], inFields: true, run: openPalette },
    { name: 'help', keys: ['?'], run: openHelp }
  ])
  return (
    <>
      <Navigation />
      <Connection />
      <ScreenOf screen={screen === 'logs' && firstStep.value !== undefined ? 'first-visit' : screen} />
      <Overlay />
      {hasSessionEnded.value && <SignInAgain />}
      <Notices />
    </>
  )
}
