/** Shapes of one of Lucide's icons, by its name there: `icon:copy`. */
declare module 'icon:*' {
  const nodes: ReadonlyArray<readonly [tag: string, attributes: Readonly<Record<string, string>>]>
  export default nodes
}
