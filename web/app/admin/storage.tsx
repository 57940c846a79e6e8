import { texts } from '../texts/index.ts'

export function Storage () {
  return <main id='content' class='screen' tabIndex={-1}><h1>{texts.value.navigation.screens.storage}</h1></main>
}
