// What modules of the page ask a browser for when they are loaded: imported before them, in tests without one.
const address = { pathname: '/', search: '' }
const goTo = (_state: unknown, _title: string, url: string) => { address.search = new URL(url, 'http://server/').search }

Object.assign(globalThis, {
  addEventListener: () => {},
  document: { hidden: false, documentElement: { dataset: {}, lang: '' } },
  history: { pushState: goTo, replaceState: goTo },
  location: address,
  ...!('navigator' in globalThis) && { navigator: { languages: ['en'] } }
})
