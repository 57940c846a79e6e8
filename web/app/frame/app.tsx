import { identity, signOut } from './session.ts'
import { Logs } from '../list/logs.tsx'
import { SignIn } from './sign-in.tsx'
import { texts } from '../texts/index.ts'

/** The page: a form for who is signed out, else the screen of the address. */
export function App () {
  if (identity.value === undefined) return null
  if (identity.value === null) return <SignIn />
  const { navigation } = texts.value
  return (
    <>
      <header class='top'>
        <strong>LoggerBot</strong>
        <nav aria-label={navigation.label}><a href='./' aria-current='page'>{navigation.logs}</a></nav>
        <span class='top-user'>{identity.value.user}</span>
        <button type='button' onClick={() => { void signOut() }}>{navigation.signOut}</button>
      </header>
      <Logs />
    </>
  )
}
