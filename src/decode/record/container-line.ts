// The line of a container's log file as Kubernetes keeps it (CRI).
import type { Fields } from './fields.ts'

/**
 * Time, stream, whether the line is whole (F) or a part (P), text.
 * Source: https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
 */
const criLine = /^(\d{4}-\d\d-\d\dT\S{8,27}) (stdout|stderr) ([FP])(?::\S{0,20})?(?: |$)/

/** Fields of a line of text: the parts of a container's line, or else the text alone. */
export function fieldsOfLine (text: string): Fields {
  // A look at one character rules out most lines: they begin with no year.
  if (!isDigit(text.charCodeAt(0))) return { message: text }
  const [start = '', time, stream, logtag] = criLine.exec(text.slice(0, 80)) ?? []
  if (time === undefined) return { message: text }
  return { time, stream, ...logtag === 'P' && { logtag }, message: text.slice(start.length) }
}

function isDigit (code: number): boolean {
  return code >= 0x30 && code <= 0x39
}
