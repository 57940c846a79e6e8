import { cpSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { basename, dirname, extname, join } from 'node:path'
import { build, stop, type Plugin } from 'esbuild'

/** Folders of code. */
const code = ['migrations', 'plugins', 'routes', 'seeds', 'src', 'test', 'web']
/** Neither part of the checkout nor found by a path relative to a file. */
const excluded = ['.git', '.tap', 'node_modules']

/** The copy, in the checkout. */
export const copy = '.tap/js'

/** Copies the checkout, with JavaScript for each TypeScript file, and maps from all code of src/ to its source. */
export async function transpile (root: string): Promise<void> {
  const folder = join(root, copy)
  rmSync(folder, { recursive: true, force: true })
  for (const part of code) {
    // All the files of a folder of migrations are migrations.
    cpSync(join(root, part), join(folder, part), { recursive: true, filter: (path) => !excluded.includes(basename(path)) && !(part === 'migrations' && isTypeScript(path)) })
  }
  for (const name of readdirSync(root)) if (![...code, ...excluded].includes(name)) symlinkSync(join(root, name), join(folder, name))

  const sources = code.flatMap((part) => readdirSync(join(root, part), { recursive: true, encoding: 'utf8' }).map((path) => join(part, path)))
    .filter((path) => !path.includes('node_modules') && (isTypeScript(path) || /^src\/.*\.js$/.test(path)))
  await build({
    absWorkingDir: root,
    entryPoints: sources.map((path) => ({ in: path, out: nameInJavaScript(path).slice(0, -'.js'.length) })),
    outdir: folder,
    bundle: true,
    treeShaking: false,
    plugins: [keepImports],
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'error'
  })
  await stop()
}

/** Path of the JavaScript of a file, from the checkout. */
export function transpiledPath (file: string): string {
  return join(copy, nameInJavaScript(file))
}

/** Replaces places in the copy, as in stack traces and reports of tap, by those in the sources. */
export function showSources (text: string): string {
  return text.replace(/(\.tap\/js\/[^\s:]+\.js)(:|\n *lineNumber: )(\d+)(:|\n *columnNumber: )(\d+)/g, (place, path: string, beforeLine: string, line: string, beforeColumn: string, column: string) => {
    const origin = mapOf(path).findOrigin(Number(line), Number(column))
    return 'fileName' in origin ? `${join(dirname(path), origin.fileName)}${beforeLine}${origin.lineNumber}${beforeColumn}${origin.columnNumber}` : place
  })
}

function mapOf (path: string): SourceMap {
  return new SourceMap(JSON.parse(readFileSync(`${path}.map`, 'utf8')))
}

/** Bundles nothing: each file stays a module, and imports the JavaScript of others. */
const keepImports: Plugin = {
  name: 'keep imports',
  setup (build) {
    build.onResolve({ filter: /./ }, ({ kind, path }) => kind === 'entry-point' ? undefined : { path: path.startsWith('.') && isTypeScript(path) ? nameInJavaScript(path) : path, external: true })
  }
}

function isTypeScript (path: string): boolean {
  return ['.ts', '.tsx'].includes(extname(path)) && !path.endsWith('.d.ts')
}

/** Two files may differ only in .ts and .tsx. */
function nameInJavaScript (path: string): string {
  return path.endsWith('.tsx') ? `${path}.js` : path.replace(/\.ts$/, '.js')
}
