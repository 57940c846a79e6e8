import { texts } from '../texts/index.ts'

export function Audit () {
  return <main id='content' class='screen' tabIndex={-1}><h1>{texts.value.navigation.screens.audit}</h1></main>
}
