import { texts } from '../texts/index.ts'

export function Send () {
  return <main id='content' class='screen' tabIndex={-1}><h1>{texts.value.navigation.screens.send}</h1></main>
}
