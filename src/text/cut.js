// Cuts texts by characters, which are Unicode code points, as the databases count them.
// Plain JavaScript, because the threads of the embedded database run it, too.

/**
 * The first characters of a text.
 * @param {string} text
 * @param {number} characters
 * @returns {string}
 */
export function firstCharacters (text, characters) {
  // A character has one or two UTF-16 units.
  if (text.length <= characters) return text
  let end = 0
  for (let count = 0; count < characters && end < text.length; count++) end += isPair(text, end) ? 2 : 1
  return text.slice(0, end)
}

/**
 * @param {string} text
 * @param {number} index
 */
function isPair (text, index) {
  const code = text.charCodeAt(index)
  const next = text.charCodeAt(index + 1)
  return code >= 0xd800 && code < 0xdc00 && next >= 0xdc00 && next < 0xe000
}
