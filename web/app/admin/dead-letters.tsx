import { texts } from '../texts/index.ts'

export function DeadLetters () {
  const { screens } = texts.value.navigation
  return <main id='content' class='screen' tabIndex={-1}><h1>{screens['dead-letters']}</h1></main>
}
