import { formatAgo, formatTime } from '../texts/format.ts'

/** How long ago something was; the time itself on hover. */
export function Ago ({ at }: { at: string }) {
  return <time dateTime={at} title={formatTime(at)}>{formatAgo(at)}</time>
}
