/** The keys of a command, each of which runs it. */
export function Keys ({ keys }: { keys: readonly string[] }) {
  return <>{keys.map((key) => <kbd key={key}>{shownKeyOf(key)}</kbd>)}</>
}

const signs: Record<string, string> = { ArrowDown: '↓', ArrowUp: '↑', ArrowLeft: '←', ArrowRight: '→', Escape: 'Esc' }

/** A key as keyboards show it: `Shift+ArrowUp` as `Shift+↑`. */
function shownKeyOf (key: string): string {
  return key.replaceAll(/Arrow\w+|Escape/g, (name) => signs[name] ?? name)
}
