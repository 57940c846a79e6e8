// The printer of names and values: what the query language reads back as the same text.

/** A value: in quotes unless it is plain. */
export function quote (text: string): string {
  if (/^[\p{L}\p{N}_][\p{L}\p{N}_.@#%+-]*$/u.test(text) && !['AND', 'OR', 'NOT', 'TO'].includes(text)) return text
  return inQuotes(text)
}

function inQuotes (text: string): string {
  // A slash before a blank could end what a slash before it begins: a regular expression.
  return `"${text.replaceAll(/["\\]|\/(?=[\s()])/g, '\\$&')}"`
}

/** The name of a field: what begins with a digit would be read as pasted text, such as an address. */
export function quoteName (name: string): string {
  return /^(?:\p{N}|localhost$)/iu.test(name) ? inQuotes(name) : quote(name)
}

/** Fields of a log; an attribute of such a name is asked for by `attributes.NAME`. */
export const ownFields = ['level', 'process', 'description', 'pid', 'user', 'message']

/** The name by which a query asks for an attribute. */
export function queryNameOf (attribute: string): string {
  return ownFields.includes(attribute) ? `attributes.${attribute}` : attribute
}
