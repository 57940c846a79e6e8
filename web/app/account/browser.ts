const browsers = [
  ['Edg', 'Edge'], ['OPR', 'Opera'], ['YaBrowser', 'Yandex Browser'], ['Firefox', 'Firefox'], ['FxiOS', 'Firefox'],
  ['CriOS', 'Chrome'], ['Chrome', 'Chrome'], ['Safari', 'Safari']
] as const
const systems = [
  ['Android', 'Android'], ['iPhone', 'iOS'], ['iPad', 'iPadOS'], ['Windows', 'Windows'], ['Mac OS X', 'macOS'],
  ['CrOS', 'ChromeOS'], ['Linux', 'Linux']
] as const

/** How people call a browser and its system: `Firefox · Linux`; the first product of any other client. */
export function browserOf (userAgent: string): string {
  // Browsers name the ones that they are compatible with, too: the first of the list that is named is meant.
  const browser = browsers.find(([product]) => userAgent.includes(`${product}/`))?.[1]
  const system = systems.find(([name]) => userAgent.includes(name))?.[1]
  if (browser === undefined) return userAgent.split(/[\s/]/, 1)[0] || '–'
  return system === undefined ? browser : `${browser} · ${system}`
}
