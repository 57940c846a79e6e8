// Fingerprints of words, under which the index keeps them. Plain JavaScript: threads run it, too.
import { escape } from '../text/fold.js'
import { asciiWord, wordsOf } from '../text/words.js'

/** Number of slices into which the words of a block are divided. */
export const sliceCount = 64
/** The slice that holds all words of a small block. */
export const wholeSlice = 255

/**
 * The fingerprint of a word: a number of 30 bits, the upper six of which are its slice.
 * @param {string} word folded
 * @returns {number}
 */
export function fingerprintOf (word) {
  let hash = hashStart
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), hashFactor)
  return mix(hash)
}

/**
 * The slice of a fingerprint.
 * @param {number} fingerprint
 */
export function sliceOf (fingerprint) {
  return fingerprint >>> 24
}

// FNV-1a; MurmurHash3's finalizer spreads its bits.
const hashStart = 0x811c9dc5
const hashFactor = 0x01000193

/** @param {number} hash */
function mix (hash) {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 2
}

const escapeCode = escape.charCodeAt(0)

/**
 * Adds the fingerprints of all words of a text to a set: those of `wordsOf`, but several times as fast.
 * @param {Set<number>} set
 * @param {string} text
 */
export function addFingerprints (set, text) {
  let hash = hashStart
  let isInWord = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 127 || code === escapeCode) return addAnyFingerprints(set, text)
    const character = asciiWord[code] ?? 0
    if (character !== 0) {
      hash = Math.imul(hash ^ character, hashFactor)
      isInWord = true
    } else if (isInWord) {
      set.add(mix(hash))
      hash = hashStart
      isInWord = false
    }
  }
  if (isInWord) set.add(mix(hash))
}

/**
 * @param {Set<number>} set
 * @param {string} text
 */
function addAnyFingerprints (set, text) {
  for (const word of wordsOf(text)) set.add(fingerprintOf(word))
}
