import { render } from 'preact'
import { App } from './app.tsx'
import { askIdentity } from './session.ts'
import { languageOf, setLanguage } from './texts/index.ts'

const root = document.getElementById('app')
if (root) render(<App />, root)
void setLanguage(languageOf(navigator.languages))
void askIdentity()
