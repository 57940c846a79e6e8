// What modules of the page ask a browser for when they are loaded: imported before them, in tests without one.
Object.assign(globalThis, { addEventListener: () => {}, document: { hidden: false } })
