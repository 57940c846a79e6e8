import { Navigation } from './navigation.tsx'
import { Notices } from './notices.tsx'
import { ScreenOf } from './screens.tsx'
import { identity } from './session.ts'
import { SignIn } from './sign-in.tsx'
import { view } from '../view/location.ts'

/** The page: a form for a browser that is signed out, else the screen of the address. */
export function App () {
  if (identity.value === undefined) return null
  if (identity.value === null) return <SignIn />
  return (
    <>
      <Navigation />
      <ScreenOf screen={view.value.screen} />
      <Notices />
    </>
  )
}
