import { textOf, type Fields } from './fields.ts'

/**
 * Characters of a template that is filled in, and of what it may become: a property may be asked for again and again.
 */
const maxTemplate = 64 * 1024
const maxFilled = 8 * 1024 * 1024

const token = /\{\{|\}\}|\{[@$]?([^{}:,]+)(?:,[^{}:]*)?(:[^{}]*)?\}/g

/**
 * Fills in a template of Serilog: `{Name}`, `{@Name}` and `{$Name}` give the property, a text without quotes and
 * anything else as JSON; of `{Name,10:format}` the width is left out and the format shown where the sender rendered it;
 * `{{` and `}}` are braces. What has no property stays as it is; so does a template that is too long, or would become
 * so.
 * Source: https://messagetemplates.org
 */
export function fillTemplate (template: string, properties: Fields, renderings: unknown): string {
  if (template.length > maxTemplate) return template
  const texts = new Map<string, string>()
  let formatted = 0
  let length = template.length
  const filled = template.replaceAll(token, (whole, name: string | undefined, format: string | undefined) => {
    if (name === undefined) return whole.charAt(0)
    const rendering: unknown = format !== undefined && Array.isArray(renderings) ? renderings[formatted++] : undefined
    const text = typeof rendering === 'string' ? rendering : textOfProperty(name, whole)
    length += text.length
    return length > maxFilled ? '' : text
  })
  return length > maxFilled ? template : filled

  function textOfProperty (name: string, whole: string): string {
    let text = texts.get(name)
    if (text === undefined) {
      if (!Object.hasOwn(properties, name)) return whole
      text = textOf(properties[name]) ?? 'null'
      texts.set(name, text)
    }
    return text
  }
}
