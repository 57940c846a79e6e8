import { render } from 'preact'
import { App } from './frame/app.tsx'
import { askIdentity } from './frame/session.ts'

const root = document.getElementById('app')
if (root) render(<App />, root)
void askIdentity()
