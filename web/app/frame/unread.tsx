import { run } from '../query/draft.ts'
import { texts } from '../texts/index.ts'

/** Says that a part of the page could not be read, with a button that reads the page anew. */
export function Unread () {
  const { common, states } = texts.value
  return (
    <p class='problem' role='alert'>
      {common.unread} <button type='button' class='link' onClick={reloadPage}>{states.reload}</button>
    </p>
  )
}

/** Opens the page anew, with what was typed. */
export function reloadPage (): void {
  run(() => {})
  location.reload()
}
