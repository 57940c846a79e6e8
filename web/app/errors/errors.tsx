import { texts } from '../texts/index.ts'

export function Errors () {
  return <main id='content' class='screen' tabIndex={-1}><h1>{texts.value.navigation.screens.errors}</h1></main>
}
