// What helps while somebody types; read when the bar gets the focus for the first time.
export { closeCompletion, completion, followTyping, handleKey } from './completion.ts'
export { Panel } from './panel.tsx'
