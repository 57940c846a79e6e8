// Writes the table of docs/settings.md from the schema in src/config.ts: npm run docs:settings.
import { readFileSync, writeFileSync } from 'node:fs'
import { settingsTable } from '../src/config.ts'

const page = new URL('settings.md', import.meta.url)

const rows = settingsTable.map(({ name, flag, default: standard, description }) =>
  `| \`${name}\` | ${flag === undefined ? '' : `\`--${flag}\``} | ${standard === '' ? '' : `\`${standard}\``} | ${description.replaceAll('|', '\\|')} |`)
const table = ['| Setting | Flag | Default | Meaning |', '| --- | --- | --- | --- |', ...rows].join('\n')

const text = readFileSync(page, 'utf8')
writeFileSync(page, text.replace(/^\| Setting \|[^]*?(?=\n\n)/m, () => table))
