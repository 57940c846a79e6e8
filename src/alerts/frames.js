// Reads frames of stack traces: the function and the file, without what differs between runs, releases and machines.
// Plain JavaScript, because a thread runs it.

/** Characters of the name of a function. */
const maxName = 160
/** Characters of a hash in the name of a file. */
const minHash = 6

/** Frames by the characters that they begin with, and after them those of any beginning. */
const forms = [
  /** Python: `File "/srv/a.py", line 3, in f` */
  { start: 'File "', form: /^File "([^"]*)", line \d+(?:, in (.+))?$/, read: fileAndName },
  /** PHP: `#0 /srv/a.php(12): App\Order->find()`; Dart: `#0 f (package:a/a.dart:3:5)`; gdb: `#1 0x1 in f () at a.c` */
  {
    start: '#',
    form: /^#\d+ +(?:0x[0-9a-f]+ in )?(?:\[internal function\]: |(\S+)\(\d+\): )?([^(]*)/,
    read: fileAndName
  },
  /** Ruby: `from /srv/a.rb:3:in 'Order#find'` */
  { start: '', form: /^(?:\d+: )?(?:from )?(\S+):\d+:in [`']([^']*)'/, read: fileAndName },
  /** Firefox and Safari: `find@https://a.example/a.js:3:5` */
  { start: '', form: /^([^\s@]*)@(\S+):\d+:\d+$/, read: nameAndFile },
  /** Elixir: `(shop 0.1.0) lib/order.ex:3: Shop.Order.find/1` */
  { start: '', form: /^(?:\([\w.]+ \S+\) )?(\S+):\d+: (\S+\/\d+)$/, read: fileAndName }
]

/**
 * The frame of a line, empty for one of the runtime; undefined for another line.
 * @param {string} text the line without indentation
 * @returns {string | undefined}
 */
export function frameOf (text) {
  const [word = ''] = text.split(' ', 1)
  if (atWords.has(word)) return frameAt(text.slice(word.length + 1), word)
  for (const { start, form, read } of forms) {
    const found = text.startsWith(start) ? form.exec(text) : null
    if (found) return read(found[1] ?? '', found[2] ?? '')
  }
  return undefined
}

/** `at`, as .NET writes it in the languages of its users. */
const atWords = new Set(['at', 'bei', 'à', 'в', 'en', 'em', '在', '場所'])
const position = /^(.*?)(?::line \d+|:\d+(?::\d+)?)$/

/**
 * A frame of Node, Java or .NET: `Order.find (/srv/a.js:3:5)`, `shop.Order.find(Order.java:3)`, `/srv/a.js:3:5`.
 * @param {string} call
 * @param {string} word `at` in some language
 */
function frameAt (call, word) {
  const text = call.replace(/^(?:async )?(?:new )?/, '')
  const open = text.indexOf('(')
  if (open === -1) {
    const file = position.exec(text)?.[1]
    return file === undefined || word !== 'at' || file.includes(' ') ? undefined : fileAndName(file, '')
  }
  const [name = '', alias = ''] = text.slice(0, open).trimEnd().split(/ (?=\[as )/)
  if (name === '' || name.includes(' ') || (word !== 'at' && !name.includes('.'))) return undefined
  const place = alias === '' && text[open - 1] !== ' ' ? '' : text.slice(open + 1, text.indexOf(')', open))
  return fileAndName(position.exec(place)?.[1] ?? '', name)
}

/**
 * @param {string} name
 * @param {string} file
 */
function nameAndFile (name, file) {
  return fileAndName(file, name)
}

/**
 * A frame as it is compared: the function, and the file without its folder; empty for one of Node's own.
 * @param {string} file
 * @param {string} name
 */
function fileAndName (file, name) {
  if (file.startsWith('node:') || file.startsWith('internal/') || name.startsWith('{main}')) return ''
  const base = /[^/\\]*$/.exec(file.replace(/[?#].*$/, ''))?.[0] ?? ''
  const parts = [nameOf(name), base === '' ? '' : `(${base.split(/(?<=[.\-_])|(?=[.\-_])/).map(withoutHash).join('')})`]
  return parts.filter((part) => part !== '').join(' ')
}

/**
 * A part of a file's name; empty if it is a number or a hash of its contents: `main.4f3a2b1c.js`.
 * @param {string} part
 */
function withoutHash (part) {
  return /^\d+$/.test(part) || (part.length >= minHash && /\d/.test(part)) ? '' : part
}

/**
 * The name of a function without what differs between runs or builds: numbers of lambdas and proxies, modules and their
 * versions, addresses.
 * @param {string} name
 */
export function nameOf (name) {
  const own = name.replaceAll(/\$\$[^.]*/g, '').replace(/\/\d+$/, '').replace(/^.*\//, '')
  const plain = own.replaceAll(/\$\d+|0x[0-9a-f]+/g, '').trim().slice(0, maxName)
  return plain.includes('<') ? plain.replaceAll(/\d+/g, '') : plain
}
