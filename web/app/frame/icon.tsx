import { h } from 'preact'
import type nodesOfAll from 'icon:*'

/** One of Lucide's icons, imported as `icon:NAME`. It says nothing to a screen reader: its button has a label. */
export function Icon ({ nodes }: { nodes: typeof nodesOfAll }) {
  return (
    <svg class='icon' viewBox='0 0 24 24' aria-hidden='true'>
      {nodes.map(([tag, attributes], index) => h(tag, { key: index, ...attributes }))}
    </svg>
  )
}

export interface IconButtonProps {
  nodes: typeof nodesOfAll
  /** What it does, also shown on hover. */
  label: string
  onClick (event: MouseEvent): void
  /** Whether it is switched on, where it is a switch. */
  isPressed?: boolean
  disabled?: boolean
}

/** A button that shows an icon alone. */
export function IconButton ({ nodes, label, onClick, isPressed, disabled }: IconButtonProps) {
  return (
    <button
      type='button'
      class='icon-button'
      aria-label={label}
      title={label}
      aria-pressed={isPressed}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon nodes={nodes} />
    </button>
  )
}
