import { render } from 'preact'
import { App } from './frame/app.tsx'
import { askIdentity } from './frame/session.ts'
import { languageOf, setLanguage } from './texts/index.ts'

const root = document.getElementById('app')
if (root) render(<App />, root)
void setLanguage(languageOf(navigator.languages))
void askIdentity()
