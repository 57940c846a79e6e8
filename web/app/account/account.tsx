import '../style/account.css'
import { identity, mayChange } from '../frame/session.ts'
import { Value } from '../list/value.tsx'
import { texts } from '../texts/index.ts'
import { Deletion } from './deletion.tsx'
import { Password } from './password.tsx'
import { Preferences } from './preferences.tsx'
import { Sessions } from './sessions.tsx'
import { accountTexts } from './texts/index.ts'
import { Tokens } from './tokens.tsx'
import { Usage } from './usage.tsx'

/** A user's own account: tokens, sessions, what is kept, settings and the password. */
export function Account () {
  const { readOnly } = accountTexts.value
  return (
    <main id='content' class='screen account' tabIndex={-1}>
      <h1>{texts.value.navigation.screens.account} <Value text={identity.value?.user ?? ''} /></h1>
      {!mayChange.value && <p>{readOnly}</p>}
      <div class='account-columns'>
        <div>
          {mayChange.value && <Tokens />}
          {mayChange.value && <Sessions />}
        </div>
        <div>
          <Usage />
          <Preferences />
          {mayChange.value && <Password />}
          {mayChange.value && <Deletion />}
        </div>
      </div>
    </main>
  )
}
