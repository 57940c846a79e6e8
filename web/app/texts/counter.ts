/** Gives a function that counts things in a language: `{ one: 'log', other: 'logs' }` makes `1,204 logs`. */
export function counterOf (language: string, forms: Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }) {
  const rules = new Intl.PluralRules(language)
  const number = new Intl.NumberFormat(language)
  return (count: number) => `${number.format(count)}\u00a0${forms[rules.select(count)] ?? forms.other}`
}
