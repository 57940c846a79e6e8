// The blocks of the index that are still open: of each user one a day, so that a late log widens
// none. Plain JavaScript, as it runs in a thread.
import { addFingerprints, slices } from './fingerprints.js'

/** A block is full with so many logs, or so many words. */
const mostLogs = 8192
const mostWords = 200_000
/** One with so many words at most is kept in one piece. */
const fewWords = 1024
/** Stands for a slice with all the words of a block. */
export const wholeSlice = 255
/** All open blocks together hold so many words, and there are so many, a few MB each; past that the one that grew longest ago is closed. */
const mostOpenWords = 2_000_000
const mostOpen = 4096
/** So many a user, that those of others last. */
const mostOpenOfUser = 512
/** Blocks that are closed and were not taken are worth storing past so many bytes, or so many blocks. */
const manyBytes = 8_000_000
const manyBlocks = 4096

/**
 * @typedef {object} Block what the database is told of it
 * @property {number} userId
 * @property {number} id
 * @property {string} firstAt
 * @property {string} lastAt
 * @property {boolean} outgrew it was kept in one piece, and is no longer
 * @property {Array<[slice: number, fingerprints: Uint8Array]>} slices of 3 bytes each
 */

export class Blocks {
  /** By user and day, in the order in which they grew last. @type {Map<string, { userId: number, id: number, firstAt: string, lastAt: string, logs: number, words: Set<number>, small: boolean }>} */
  #open = new Map()
  #openWords = 0
  /** The keys of each user's open blocks, in the same order. @type {Map<number, Set<string>>} */
  #keys = new Map()
  /** Closed and not taken. @type {Block[]} */
  #full = []
  #fullBytes = 0
  #grown = new Set()
  #lastId = 0

  /**
   * @param {number} userId
   * @param {readonly string[]} times
   * @param {readonly string[]} messages of the same logs
   */
  add (userId, times, messages) {
    for (const [index, at] of times.entries()) {
      const key = `${userId} ${at.slice(0, 10)}`
      const block = this.#open.get(key) ?? this.#begin(key, userId, at)
      if (at < block.firstAt) block.firstAt = at
      if (at > block.lastAt) block.lastAt = at
      block.logs++
      const words = block.words.size
      addFingerprints(block.words, messages[index])
      this.#openWords += block.words.size - words
      this.#grown.add(key)
      if (block.logs >= mostLogs || block.words.size >= mostWords) this.#close(key)
      const own = this.#keys.get(userId)
      if (own?.size > mostOpenOfUser) this.#close(own.values().next().value)
      while (this.#openWords > mostOpenWords || this.#open.size > mostOpen) this.#close(this.#open.keys().next().value)
    }
  }

  /** Whether so much is closed that it should be taken now. */
  get isHeavy () {
    return this.#fullBytes > manyBytes || this.#full.length > manyBlocks
  }

  /**
   * What is new since the last time, whole blocks each.
   * @returns {Block[]}
   */
  take () {
    const grown = [...this.#grown].map((key) => {
      const block = this.#open.get(key)
      // The last to grow is the last to go.
      this.#open.delete(key)
      this.#open.set(key, block)
      const own = this.#keys.get(block.userId)
      own.delete(key)
      own.add(key)
      return written(block)
    })
    const taken = [...this.#full, ...grown]
    this.#full = []
    this.#fullBytes = 0
    this.#grown.clear()
    return taken
  }

  #begin (key, userId, at) {
    this.#lastId = Math.max(this.#lastId + 1, Date.now() * 1000)
    const block = { userId, id: this.#lastId, firstAt: at, lastAt: at, logs: 0, words: new Set(), small: false }
    this.#open.set(key, block)
    const own = this.#keys.get(userId) ?? new Set()
    this.#keys.set(userId, own.add(key))
    return block
  }

  #close (key) {
    const block = this.#open.get(key)
    this.#open.delete(key)
    this.#openWords -= block.words.size
    const own = this.#keys.get(block.userId)
    own.delete(key)
    if (own.size === 0) this.#keys.delete(block.userId)
    if (!this.#grown.delete(key)) return
    this.#full.push(written(block))
    this.#fullBytes += 3 * block.words.size
  }
}

/** @returns {Block} */
function written (block) {
  const { userId, id, firstAt, lastAt, words } = block
  const sorted = Uint32Array.from(words).sort()
  const small = sorted.length <= fewWords
  const outgrew = block.small && !small
  block.small = small
  return { userId, id, firstAt, lastAt, outgrew, slices: small ? [[wholeSlice, bytesOf(sorted)]] : sliced(sorted) }
}

/** @returns {Array<[slice: number, fingerprints: Uint8Array]>} */
function sliced (sorted) {
  let from = 0
  return Array.from({ length: slices }, (_, slice) => {
    let to = from
    while (to < sorted.length && sorted[to] >>> 24 === slice) to++
    const bytes = bytesOf(sorted.subarray(from, to))
    from = to
    return [slice, bytes]
  })
}

function bytesOf (fingerprints) {
  const bytes = new Uint8Array(fingerprints.length * 3)
  fingerprints.forEach((fingerprint, index) => {
    bytes[3 * index] = fingerprint >>> 16
    bytes[3 * index + 1] = fingerprint >>> 8
    bytes[3 * index + 2] = fingerprint
  })
  return bytes
}
