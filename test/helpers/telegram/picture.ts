// Messages as a client of Telegram draws them, near enough for a picture.
import type { SentMessage } from './chats.ts'

const style = `
  body { margin: 0; padding: 12px; background: #d6e4ee; font: 14px/1.4 'DejaVu Sans', sans-serif; color: #111; }
  .message { max-width: 500px; margin: 0 0 12px; }
  .text { padding: 8px 12px; border-radius: 12px 12px 12px 4px; background: #fff; white-space: pre-wrap; overflow-wrap: anywhere; }
  .text code { color: #b5432b; font-family: 'DejaVu Sans Mono', monospace; font-size: 13px; }
  .text pre { margin: 4px 0; padding: 4px 8px; border-left: 3px solid #5b9bd5; background: #f1f6fa; font: 13px/1.4 'DejaVu Sans Mono', monospace; white-space: pre-wrap; }
  .text a { color: #2678b6; text-decoration: none; }
  .row { display: flex; gap: 4px; margin-top: 4px; }
  .row span { flex: 1; padding: 6px; border-radius: 8px; background: #6d9bb9; color: #fff; text-align: center; }`

const tags: Partial<Record<string, string>> = { bold: 'b', code: 'code', pre: 'pre', text_link: 'a', hashtag: 'a' }

/** A document with the last version of each message. */
export function pictureOf (messages: readonly SentMessage[]): string {
  return `<!doctype html><meta charset="utf-8"><style>${style}</style>${messages.map(draw).join('')}`
}

function draw ({ versions }: SentMessage): string {
  const { text = '', entities = [], buttons = [] } = versions.at(-1) ?? {}
  let html = ''
  let at = 0
  for (const { type, offset, length } of entities) {
    const tag = tags[type]
    if (tag === undefined) continue
    html += `${escape(text.slice(at, offset))}<${tag}>${escape(text.slice(offset, offset + length))}</${tag}>`
    at = offset + length
    // A block has a line of its own already.
    if (type === 'pre' && text[at] === '\n') at++
  }
  html += escape(text.slice(at))
  const rows = buttons.map((row) => `<div class="row">${row.map((button) => `<span>${escape(button.text)}</span>`).join('')}</div>`)
  return `<div class="message"><div class="text">${html.replaceAll('\n<pre>', '<pre>')}</div>${rows.join('')}</div>`
}

function escape (text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
