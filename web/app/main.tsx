import { render } from 'preact'
import { App } from './frame/app.tsx'
import { askIdentity } from './frame/session.ts'
import { searchFirst } from './list/first.ts'

const root = document.getElementById('app')
if (root) render(<App />, root)
void askIdentity()
searchFirst()
