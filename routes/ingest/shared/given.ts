/** The parameters of a query that were given. */
export function givenOf<Name extends string> (query: Partial<Record<Name, string>>): Partial<Record<Name, string>> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as typeof query
}
