// The documents hold together: short README, links that lead somewhere, all commands listed.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { loggerbot, root } from '../helpers/command.ts'

const repository = 'https://github.com/loggerbot/loggerbot-server/blob/main/'

/** Shipped with the package, so a relative link must lead to another shipped file. */
const shipped = ['README.md', 'CHANGELOG.md', 'SECURITY.md', ...readdirSync(`${root}docs`).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)]
const pages = [...shipped, 'CONTRIBUTING.md', 'bench/README.md']

const textOf = (page: string) => readFileSync(root + page, 'utf8')

t.test('the README has at most 200 lines', async (t) => {
  t.ok(textOf('README.md').split('\n').length <= 200)
})

t.test('every link within the repository leads to a file, and its anchor to a heading', async (t) => {
  const broken = pages.flatMap((page) => linksOf(page).filter(({ file, anchor }) =>
    !existsSync(root + file) || (anchor !== undefined && !anchorsOf(file).has(anchor))).map(({ link }) => `${page}: ${link}`))
  t.strictSame(broken, [])
})

t.test('a shipped page links to shipped files only, and to all others by their address', async (t) => {
  const unshipped = shipped.flatMap((page) => linksOf(page).filter(({ file, link }) =>
    !link.startsWith(repository) && !shipped.includes(file) && !/^(LICENSE$|docs\/(examples|grafana)\/)/.test(file)).map(({ link }) => `${page}: ${link}`))
  t.strictSame(unshipped, [])
})

t.test('docs/index.md lists every page', async (t) => {
  const listed = linksOf('docs/index.md').map(({ file }) => file)
  t.strictSame(shipped.filter((page) => page.startsWith('docs/') && page !== 'docs/index.md' && !listed.includes(page)), [])
})

t.test('docs/commands.md lists every command', async (t) => {
  const page = textOf('docs/commands.md')
  const { stdout } = await loggerbot(['--help'])
  const names = Array.from(stdout.matchAll(/^ {2}(?:loggerbot )?([a-z][a-z-]*(?: [a-z][a-z-]*)?) /gm), ([, name]) => name!)
  t.ok(names.length > 10, 'the help lists the commands')
  t.strictSame(names.filter((name) => !page.includes(`\`loggerbot ${name}`)), [])
})

interface Link {
  link: string
  /** From the root of the repository. */
  file: string
  anchor?: string
}

/** Links to files of the repository, relative or by its address. */
function linksOf (page: string): Link[] {
  return Array.from(textOf(page).matchAll(/\]\(([^)\s]+)\)/g), ([, link]) => link!)
    .filter((link) => link.startsWith(repository) || !/^[a-z]+:/.test(link))
    .map((link) => {
      const [path, anchor] = link.replace(repository, '').split('#')
      const file = link.startsWith(repository) ? path! : path === '' ? page : join(dirname(page), path!)
      return { link, file, ...anchor !== undefined && { anchor } }
    })
}

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf (page: string): Set<string> {
  const text = textOf(page).replace(/^```[^]*?^```/gm, '')
  return new Set(Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading]) => heading!.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')))
}
