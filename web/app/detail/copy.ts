/** Copies a text. Over plain HTTP the browser has no clipboard for pages: the text is then selected in a field. */
export function copy (text: string): void {
  // Undefined outside of secure contexts, whatever the types say.
  const { clipboard } = navigator as { clipboard?: Clipboard }
  if (clipboard) {
    void clipboard.writeText(text)
    return
  }
  const field = document.createElement('textarea')
  field.value = text
  document.body.append(field)
  field.select()
  document.execCommand('copy')
  field.remove()
}
