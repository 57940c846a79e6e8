import { texts } from '../texts/index.ts'

export function Account () {
  return <main id='content' class='screen' tabIndex={-1}><h1>{texts.value.navigation.screens.account}</h1></main>
}
