import { useSignal } from '@preact/signals'
import { ApiError, request } from '../api/client.ts'
import { explain } from '../api/explain.ts'
import { Copyable } from '../frame/copyable.tsx'
import { mayChange } from '../frame/session.ts'
import { loggersOf } from './loggers.ts'
import { sendTexts } from './texts/index.ts'

/** Where the token stands until one is made. */
const placeholder = 'TOKEN'

/** Ready lines for each logger, with the address of the page and a token made by one click. */
export function ReadyLines () {
  const chosen = useSignal('curl')
  const token = useSignal(placeholder)
  const loggers = loggersOf({ url: new URL('.', location.href), token: token.value })
  const { logger: label, syslog } = sendTexts.value
  return (
    <>
      <fieldset class='choices'>
        <legend>{label}</legend>
        {loggers.map(({ name }) => (
          <label key={name}>
            <input
              type='radio'
              name='logger'
              checked={name === chosen.value}
              onChange={() => { chosen.value = name }}
            />
            {name}
          </label>
        ))}
      </fieldset>
      <NewToken token={token.value} onMade={(made) => { token.value = made }} />
      {loggers.filter(({ name }) => name === chosen.value).map(({ name, lines, isSyslog }) => (
        <div key={name}>
          <Copyable text={lines} />
          {isSyslog && <p class='hint'>{syslog}</p>}
        </div>
      ))}
    </>
  )
}

/** A button that makes a token which can only send. */
function NewToken ({ token, onMade }: { token: string, onMade (token: string): void }) {
  const problem = useSignal('')
  const words = sendTexts.value
  if (!mayChange.value) return <p class='hint'>{words.noTokens}</p>
  if (token !== placeholder) return <p class='hint' role='status'>{words.tokenMade}</p>
  const make = async () => {
    try {
      const body = { name: words.tokenName, scopes: ['write'] }
      onMade((await request<{ token: string }>('api/tokens', { method: 'POST', body })).token)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      problem.value = explain(error)
    }
  }
  return (
    <p>
      <button type='button' class='primary' onClick={() => { void make() }}>{words.makeToken}</button>{' '}
      <span class='hint'>{words.tokenHint}</span>
      <span class='problem' role='alert'>{problem.value}</span>
    </p>
  )
}
