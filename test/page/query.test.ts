import t from 'tap'
import { databases } from '../helpers/databases.ts'
import { noBrowser, openTab, screenshot, signIn, type Tab } from '../helpers/browser.ts'
import { basic, createUser, startService } from '../helpers/service.ts'
import { http, post } from '../helpers/http.ts'

/** The selected text of the field. */
const selection = "document.querySelector('textarea').value.slice(document.querySelector('textarea').selectionStart)"

/** Milliseconds of letters until each is on the screen, sorted. */
const measureTyping = `(async () => {
  const times = []
  for (let round = 0; round < 15; round++) {
    const start = performance.now()
    document.execCommand('insertText', false, 'x')
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
    times.push(performance.now() - start)
  }
  return times.sort((one, other) => one - other)
})()`

const hostile = ['<img src=x onerror=alert(1)>', '\u202eevil', 'a "b" \\ c', 'AND']

// One database is enough: the page knows none, and what it asks for is tested over HTTP on each of them.
for (const database of databases.slice(0, 1)) {
  t.test(`the query bar on ${database.name}`, { skip: noBrowser }, async (t) => {
    const service = await startService(t, database)
    await createUser(service, 'me')
    const logs = Array.from({ length: 60 }, (_, index) => ({
      message: `payment ${index}`,
      level: index % 2 === 0 ? 'error' : 'info',
      process: index % 3 === 0 ? 'nightly run' : 'api',
      order: { id: `A-${index}`, state: hostile[index % hostile.length] }
    }))
    t.match(await post(service.port, '/api/logs', logs, basic('me')), { status: 200 })
    t.match(await http(service.port, 'PUT', '/api/searches/either', { ...basic('me'), 'content-type': 'application/json' }, '{"query":"level:error OR order.id:A-1"}'), { status: 201 })
    const address = `http://127.0.0.1:${service.port}/`

    const open = async (options: Parameters<typeof openTab>[1] = {}, search = ''): Promise<Tab> => {
      const tab = await openTab(t, options)
      await tab.page.goto(`${address}${search}`)
      await signIn(tab, 'me')
      await tab.page.locator('.row').first().waitFor()
      return tab
    }
    const tab = await open()
    const { page } = tab
    const field = page.getByRole('textbox', { name: 'Query' })
    const options = page.getByRole('listbox').getByRole('option')
    const write = async (query: string) => {
      await field.fill('')
      await field.pressSequentially(query)
    }

    await t.test('is reached by a slash, coloured by the parser letter over letter, and left by Escape', async (t) => {
      await page.locator('body').press('/')
      const query = 'level:>=warning -retry (process:api OR "card declined") /pay(ment)?/'
      await page.keyboard.type(query)
      const kinds = await page.locator('.query-layer span').evaluateAll((parts) => parts.map((part) => [part.textContent, part.className.replace('token-', '').trim()]))
      t.strictSame(kinds.slice(0, 4), [['level', 'field'], [':', 'mark'], ['>=', 'mark'], ['-', 'mark']])
      t.strictSame(kinds.slice(-3, -1), [[')', 'mark'], ['/pay(ment)?/', 'regex']])
      await field.press('Escape')
      await field.press('Escape')
      t.equal(await page.evaluate('document.activeElement.tagName'), 'BODY')
    })

    await t.test('grows with long and many-lined queries, and its colours stay on its letters', async (t) => {
      for (const query of ['process:(api OR billing) "a b"\n'.repeat(12), `${'word '.repeat(300)}${'x'.repeat(500)} end`]) {
        await field.fill(query)
        await field.press('End')
        const [text, layer, box] = await Promise.all(['.query-text', '.query-layer', '.query-box'].map((name) => page.locator(name).evaluate((element) => {
          const { x, y, width, height } = element.getBoundingClientRect()
          return { place: { x, y, width, height }, scrollHeight: element.scrollHeight, scrollTop: element.scrollTop }
        })))
        t.strictSame(layer?.place, text?.place)
        t.equal(text?.scrollHeight, layer?.scrollHeight, 'both wrap alike')
        t.ok((box?.place.height ?? Infinity) < 200 && (box?.scrollTop ?? 0) > 0, 'and scroll together, to the caret')
      }
    })

    await t.test('marks what is wrong at its place, in the user\'s language, and keeps the rows', async (t) => {
      await field.fill('payment level:nonsense order')
      await field.press('Enter')
      await page.getByText('There is no such level.').waitFor()
      t.equal(await page.locator('.query-layer .is-wrong').textContent(), 'nonsense')
      t.ok(await page.locator('.results[aria-busy=true] .row').count() > 0, 'the rows of the search before stay, dimmed')
      await field.press('Alt+Enter')
      t.equal(await page.evaluate(selection), 'nonsense order')
      await screenshot(tab, `query-wrong-${database.name}`)

      await field.fill('/(?=x)/ payment')
      await field.press('Enter')
      await page.getByText('not valid in the syntax of RE2').waitFor()
      t.equal(await page.locator('.query-layer .is-wrong').textContent(), '/(?=x)/', 'where the server alone can tell')
      t.ok(await page.locator('.row').count() > 0)

      await field.fill('payment level:')
      await page.getByText('Expected here: a value of the field.').waitFor()
      await field.pressSequentially('error')
      await page.locator('.query-problem').waitFor({ state: 'detached' })
    })

    await t.test('says in plain words what it understood', async () => {
      await write('level:>=warning payment -retry')
      await page.getByText('warning or worse, with the word “payment”, without the word “retry”').waitFor()
    })

    await t.test('suggests fields and values with their counts; Tab takes, Enter runs', async (t) => {
      await write('ord')
      await options.filter({ hasText: 'order.id' }).getByText('60').waitFor()
      t.equal(await field.getAttribute('aria-activedescendant'), null)
      await write('-st')
      await options.filter({ hasText: 'order.state' }).waitFor()
      await field.press('Tab')
      await options.filter({ hasText: '<img' }).getByText('15').waitFor()
      t.equal(await field.inputValue(), '-order.state:')
      await options.filter({ hasText: 'U+202E' }).waitFor()
      const wanted = options.filter({ hasText: 'a "b" \\ c' })
      while (await wanted.getAttribute('aria-selected') !== 'true') await field.press('ArrowDown')
      t.equal(await field.getAttribute('aria-activedescendant'), await wanted.getAttribute('id'))
      await field.press('Enter')
      t.equal(await field.inputValue(), '-order.state:"a \\"b\\" \\\\ c" ')
      await field.press('Control+z')
      t.equal(await field.inputValue(), '-order.state:', 'it is undone like typed text')

      await write('process:n')
      await options.filter({ hasText: 'nightly run' }).getByText('20').waitFor()
      await field.press('Tab')
      await field.pressSequentially('level:>=w')
      await options.filter({ hasText: 'warning' }).waitFor()
      await field.press('Tab')
      await field.pressSequentially('o')
      await options.filter({ hasText: /^OR/ }).waitFor()
      await field.press('Backspace')
      await field.press('Enter')
      await page.waitForURL((url) => url.searchParams.get('q') === 'process:"nightly run" level:>=warning')
      await page.getByText('payment 54', { exact: true }).waitFor()

      await write('ord')
      await options.first().waitFor()
      await field.press('Enter')
      await page.waitForURL((url) => url.searchParams.get('q') === 'ord')
    })

    await t.test('suggests what was typed before the code that suggests was read', async () => {
      const slow = await open()
      const parts = /\/_page\/\S+\.js$/
      let release = () => {}
      const released = new Promise<void>((resolve) => { release = resolve })
      await slow.page.route(parts, async (route) => {
        await released
        await route.continue()
      })
      const asked = slow.page.waitForRequest(parts)
      await slow.page.keyboard.press('/')
      await slow.page.keyboard.type('process:')
      await asked
      release()
      await slow.page.getByRole('listbox').getByText('nightly run').waitFor()
      await slow.page.close()
    })

    await t.test('takes saved searches by their names, and earlier queries', async (t) => {
      await write('payment @ei')
      await options.filter({ hasText: '@either' }).waitFor()
      await field.press('Tab')
      t.equal(await field.inputValue(), 'payment (level:error OR order.id:A-1)')
      await field.press('Enter')
      await page.getByText('payment 58', { exact: true }).waitFor()
      await field.fill('')
      await field.press('ArrowUp')
      t.equal(await options.first().textContent(), 'payment (level:error OR order.id:A-1)')
      await field.press('Enter')
      t.equal(await field.inputValue(), 'payment (level:error OR order.id:A-1)')
      await field.fill('nightly')
      await field.press('Control+r')
      t.strictSame(await options.allTextContents(), ['process:"nightly run" level:>=warning'])
      await field.press('Escape')
    })

    await t.test('opens examples of the user\'s own fields, which run by a click', async () => {
      await field.fill('')
      await field.press('?')
      await page.getByRole('button', { name: /^process:api process is “api”/ }).click()
      await page.waitForURL((url) => url.searchParams.get('q') === 'process:api')
      await page.getByText('payment 59', { exact: true }).waitFor()
    })

    await t.test('shows a letter at once in a query of 10 kB', async (t) => {
      for (const length of [4000, 10_000]) {
        await field.fill('process:api '.repeat(length / 12))
        const times = await page.evaluate<number[]>(measureTyping)
        t.comment(`${length} characters: ${times[7]?.toFixed(1)} ms, with the wait for the frame`)
        t.ok((times[7] ?? Infinity) < 160)
      }
    })

    await t.test('runs what is typed where searches are quick, in place of the present entry of the history', async (t) => {
      const { page } = await open({}, '?q=payment')
      // By a clock that stands still, each search is quick.
      await page.addInitScript('performance.now = () => 0')
      await page.goto(`${address}?q=api`)
      await page.getByText('0 ms', { exact: true }).waitFor()
      const field = page.getByRole('textbox', { name: 'Query' })
      const before = await page.evaluate<number>('history.length')
      await field.fill('level:')
      await page.getByText('Expected here: a value of the field.').waitFor()
      t.match(page.url(), /q=api$/, 'what does not parse is not run')
      await field.fill('level:error ')
      await page.waitForURL((url) => url.searchParams.get('q') === 'level:error')
      t.equal(await field.inputValue(), 'level:error ', 'the text stays as it was typed')
      t.equal(await page.evaluate('history.length'), before)
      await field.press('Enter')
      t.equal(await page.evaluate('history.length'), before + 1)
      await page.goBack()
      t.match(page.url(), /q=api$/, 'the query before is not lost')
    })

    await t.test('speaks Russian', async (t) => {
      const { page } = await open({ locale: 'ru-RU' })
      const field = page.getByRole('textbox', { name: 'Запрос' })
      await field.fill('level:>=warning -retry')
      await page.getByText('уровень warning и выше, нет слова «retry»').waitFor()
      await field.fill('(payment')
      await page.getByText('Здесь ожидается: закрывающая скобка.').waitFor()
      t.equal(await page.locator('.query-layer .is-wrong').textContent(), '\u00a0', 'at the end')
    })

    await t.test('is a plain field on a phone', async (t) => {
      const { page } = await open({ viewport: { width: 390, height: 844 } })
      await page.getByRole('textbox', { name: 'Query' }).fill('level:error')
      t.equal(await page.evaluate("getComputedStyle(document.querySelector('.query-layer')).visibility"), 'hidden')
      t.not(await page.evaluate("getComputedStyle(document.querySelector('.query-text')).color"), 'rgba(0, 0, 0, 0)')
    })

    t.strictSame(tab.faults, [])
    t.strictSame([...tab.strangers], [])
  })
}
