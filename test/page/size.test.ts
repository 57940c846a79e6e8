// The weight of the page over the wire, by gzip. It fails where a change makes the page heavier than promised.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../helpers/command.ts'

/** What a browser loads before it shows the first rows: the document, and what it names. */
const maxFirstBytes = 50_000
/** All screens and dialogs, in both languages; nobody loads all of it. */
const maxAllBytes = 125_000

const folder = join(root, 'dist/page')
const document = 'index.html'

t.test('the page is light', async (t) => {
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(html|js|css|svg)$/.test(file))
  const first = filesOf(document)
  t.ok(first.length >= 4, 'the document names its script, its style and its icon')
  t.strictSame(first.filter((file) => !all.includes(file)), [], 'they exist')
  for (const [name, files, max] of [['first view', first, maxFirstBytes], ['everything', all, maxAllBytes]] as const) {
    const bytes = files.reduce((sum, file) => sum + bytesOf(file), 0)
    t.comment(`${name}: ${(bytes / 1000).toFixed(1)} of ${max / 1000} kB in ${files.length} files`)
    t.ok(bytes <= max, `${name} has ${bytes} bytes, at most ${max}`)
  }
  for (const file of all.sort((one, other) => bytesOf(other) - bytesOf(one))) t.comment(`${bytesOf(file)} ${file}`)
})

/** A file and those that it loads at once: `import()` loads later. */
function filesOf (start: string): string[] {
  const found = new Set([start])
  for (const file of found) {
    const text = readFileSync(join(folder, file), 'utf8')
    const links = file === document
      ? [...text.matchAll(/(?:href|src)="\.\/([^"]+)"/g)].map(([, path]) => path!)
      : [...text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)].map(([, name]) => `_page/${name}`)
    for (const link of links) found.add(link)
  }
  return [...found]
}

function bytesOf (file: string): number {
  return statSync(join(folder, `${file}.gz`)).size
}
