import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import icons from 'lucide-static/icon-nodes.json' with { type: 'json' }
import { defineConfig, type Plugin } from 'vite'

const outDir = join(import.meta.dirname, '../dist/page')

export default defineConfig({
  root: import.meta.dirname,
  // The page is served under any prefix.
  base: './',
  // Preact's JSX needs no plugin.
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir,
    emptyOutDir: true,
    // No index of Elasticsearch can be called so: the names share the root with them.
    assetsDir: '_page',
    // The content security policy admits no data URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Few files: each one costs a request, and compresses alone. The first one shows rows; the second one is read after
    // them, for what stands beside them and for a click on one; the others when they are asked for.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'first', tags: ['$initial'], priority: 5 },
            { name: 'ru', test: /\/app\/texts\/ru/, priority: 4 },
            { name: 'second', test: /icon:|\/app\/(api|chart|detail|frame|list|rows|texts|saved\/tabs)/, priority: 3 },
            { name: 'screens', test: /\/app\/(account|admin|alerts|errors|send)\//, priority: 1 },
            { name: 'tools', test: /\/app\// }
          ]
        }
      }
    },
    target: 'baseline-widely-available'
  },
  plugins: [iconNodes(), precompress()]
})

/** `import copy from 'icon:copy'` gives the shapes of one of Lucide's icons: tags and attributes. */
function iconNodes (): Plugin {
  const names = icons as unknown as Record<string, unknown>
  return {
    name: 'icon-nodes',
    resolveId: (id) => id.startsWith('icon:') ? `\0${id}` : undefined,
    load (id) {
      if (!id.startsWith('\0icon:')) return
      const nodes = names[id.slice('\0icon:'.length)]
      if (nodes === undefined) throw new Error(`Lucide has no ${id.slice(1)}`)
      return `export default ${JSON.stringify(nodes)}`
    }
  }
}

/** Compresses each file once, as well as it can be. */
function precompress (): Plugin {
  return {
    name: 'precompress',
    closeBundle () {
      for (const file of readdirSync(outDir, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(html|js|css|svg)$/.test(file)) continue
        const content = readFileSync(join(outDir, file))
        writeFileSync(join(outDir, `${file}.gz`), gzipSync(content, { level: 9 }))
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
        writeFileSync(join(outDir, `${file}.br`), brotliCompressSync(content, { params }))
      }
    }
  }
}
