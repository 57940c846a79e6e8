// Words as the index knows them. Plain JavaScript: the threads of the embedded database and of the word index run it, too.
import { escape } from '../text/fold.js'
import { asciiWord, wordsOf } from '../text/words.js'

/** The index of words keeps those of a block in so many slices. */
export const slices = 64

/**
 * A word as the index knows it: a number of 30 bits, of which the upper six are the slice.
 * @param {string} word folded
 * @returns {number}
 */
export function fingerprintOf (word) {
  let hash = hashStart
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), hashFactor)
  return mix(hash)
}

// FNV-1a, and what spreads its bits (MurmurHash3).
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
 * Adds the fingerprints of all words of a text to a set: as of `wordsOf`, but several times as fast.
 * @param {Set<number>} set
 * @param {string} text
 */
export function addFingerprints (set, text) {
  let hash = hashStart
  let inside = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 127 || code === escapeCode) return addAnyFingerprints(set, text)
    const character = asciiWord[code]
    if (character !== 0) {
      hash = Math.imul(hash ^ character, hashFactor)
      inside = true
    } else if (inside) {
      set.add(mix(hash))
      hash = hashStart
      inside = false
    }
  }
  if (inside) set.add(mix(hash))
}

/**
 * @param {Set<number>} set
 * @param {string} text
 */
function addAnyFingerprints (set, text) {
  for (const word of wordsOf(text)) set.add(fingerprintOf(word))
}
