import neostandard, { plugins } from 'neostandard'
import { plainEnglish } from './test/helpers/plain-english.js'

/** What ships: the rules about size and types are stricter there than in tests and benchmarks. */
const shipped = ['src/**/*.{ts,js}', 'plugins/**/*.ts', 'routes/**/*.ts', 'bin/*.js', 'migrations/*.ts', 'seeds/*.ts', 'web/**/*.{ts,tsx}']

export default [
  ...neostandard({ ts: true, ignores: ['dist', 'docs/api', '.tap'] }),
  {
    files: ['**/*.{ts,tsx,js}'],
    plugins: { loggerbot: { rules: { 'plain-english': plainEnglish } } },
    rules: { 'loggerbot/plain-english': 'error' }
  },
  {
    files: ['**/*.{ts,tsx}'],
    plugins: { '@typescript-eslint': plugins['typescript-eslint'].plugin },
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // tap waits for its subtests itself, and reports what fails in them.
      '@typescript-eslint/no-floating-promises': ['error', {
        allowForKnownSafePromises: [{ from: 'package', name: 'PromiseWithSubtest', package: '@tapjs/core' }]
      }],
      '@typescript-eslint/no-misused-promises': 'error'
    }
  },
  {
    files: shipped,
    rules: {
      'max-params': ['error', 4],
      'max-lines-per-function': ['error', { max: 60 }],
      '@stylistic/max-len': ['error', { code: 120, ignoreUrls: true }]
    }
  },
  {
    files: shipped.filter((pattern) => pattern.includes('ts')),
    ignores: ['**/*.js'],
    rules: {
      '@typescript-eslint/no-unnecessary-condition': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error'
    }
  },
  {
    // The page shows texts of strangers: they are data, never HTML.
    files: ['web/app/**/*.{ts,tsx}'],
    rules: {
      // A handler of an event starts what it does not wait for.
      'no-void': ['error', { allowAsStatement: true }],
      'no-restricted-properties': ['error', ...['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'setHTMLUnsafe', 'cssText']
        .map((property) => ({ property, message: 'Texts of strangers are data, never HTML.' }))],
      'no-restricted-syntax': ['error', {
        selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]', message: 'Texts of strangers are data, never HTML.'
      }, {
        selector: 'JSXText[value=/\\p{L}{2}/u]:not([value=/^(LoggerBot|Ctrl\\+K|UTC)$/])',
        message: 'Words stand in texts/, in each language.'
      }]
    }
  }
]
