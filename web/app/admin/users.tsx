import { texts } from '../texts/index.ts'

export function Users () {
  return <main id='content' class='screen' tabIndex={-1}><h1>{texts.value.navigation.screens.users}</h1></main>
}
