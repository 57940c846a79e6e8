/** Forms of a noun after a number. */
interface Forms {
  one: string
  few: string
  many: string
}

const rules = new Intl.PluralRules('ru')

/** The form of a Russian noun after a whole number. */
export function pluralOf (count: number, { one, few, many }: Forms): string {
  const form = rules.select(count)
  return form === 'one' ? one : form === 'few' ? few : many
}
