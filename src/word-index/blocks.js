// Open blocks of the index: one for each user and day, so that a late log widens no other block. Plain JavaScript: it
// runs in a thread.
import { addFingerprints, sliceCount, sliceOf, wholeSlice } from './fingerprints.js'

/** A block is closed at this number of logs, or of words. */
const maxBlockLogs = 8192
const maxBlockWords = 200_000
/** A block with at most this number of words is stored as one slice. */
const maxSmallWords = 1024
/** Bounds of all open blocks together, a few MB each; past them the block that has not grown for longest is closed. */
const maxOpenWords = 2_000_000
const maxOpenBlocks = 4096
/** Open blocks of one user, so that those of others stay open. */
const maxOpenBlocksPerUser = 512
/** Closed blocks are heavy past this number of bytes, or of blocks: the owner should take and store them. */
const heavyBytes = 8_000_000
const heavyBlocks = 4096

/**
 * A block of logs, as it is stored: the fingerprints of its words, 3 bytes each, by slice.
 * @typedef {object} WordBlock
 * @property {number} userId
 * @property {number} id
 * @property {string} firstAt
 * @property {string} lastAt
 * @property {boolean} outgrew it was stored as one slice before, and is no longer
 * @property {Array<[slice: number, fingerprints: Uint8Array]>} slices
 */

/**
 * @typedef {object} OpenBlock
 * @property {number} userId
 * @property {number} id
 * @property {string} firstAt
 * @property {string} lastAt
 * @property {number} logs
 * @property {Set<number>} words fingerprints
 * @property {boolean} isSmall it was stored as one slice
 */

/** Collects the words of logs in blocks. */
export class Blocks {
  /** By user and day; the last one grew last. @type {Map<string, OpenBlock>} */
  #open = new Map()
  #openWords = 0
  /** Keys of each user's open blocks, in the same order. @type {Map<number, Set<string>>} */
  #keys = new Map()
  /** Closed and not taken yet. @type {WordBlock[]} */
  #full = []
  #fullBytes = 0
  /** Keys of the open blocks that grew since the last `take`. @type {Set<string>} */
  #grown = new Set()
  #lastId = 0

  /**
   * Adds logs of a user.
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
      addFingerprints(block.words, messages[index] ?? '')
      this.#openWords += block.words.size - words
      this.#grown.add(key)
      if (block.logs >= maxBlockLogs || block.words.size >= maxBlockWords) this.#close(key)
      this.#closeExcess(userId)
    }
  }

  /** Whether the closed blocks should be taken now. */
  get isHeavy () {
    return this.#fullBytes > heavyBytes || this.#full.length > heavyBlocks
  }

  /**
   * Takes all blocks that are new or grew since the last time, each whole.
   * @returns {WordBlock[]}
   */
  take () {
    const taken = this.#full
    for (const key of this.#grown) {
      const block = this.#open.get(key)
      if (block === undefined) continue
      this.#moveToEnd(key, block)
      taken.push(toStored(block))
    }
    this.#full = []
    this.#fullBytes = 0
    this.#grown.clear()
    return taken
  }

  /**
   * @param {string} key
   * @param {number} userId
   * @param {string} at
   * @returns {OpenBlock}
   */
  #begin (key, userId, at) {
    this.#lastId = Math.max(this.#lastId + 1, Date.now() * 1000)
    /** @type {OpenBlock} */
    const block = { userId, id: this.#lastId, firstAt: at, lastAt: at, logs: 0, words: new Set(), isSmall: false }
    this.#open.set(key, block)
    const own = this.#keys.get(userId) ?? new Set()
    this.#keys.set(userId, own.add(key))
    return block
  }

  /**
   * A block that grew last is closed last.
   * @param {string} key
   * @param {OpenBlock} block
   */
  #moveToEnd (key, block) {
    this.#open.delete(key)
    this.#open.set(key, block)
    const own = this.#keys.get(block.userId)
    own?.delete(key)
    own?.add(key)
  }

  /** @param {number} userId */
  #closeExcess (userId) {
    const own = this.#keys.get(userId)
    if (own !== undefined && own.size > maxOpenBlocksPerUser) this.#close(own.values().next().value)
    while (this.#openWords > maxOpenWords || this.#open.size > maxOpenBlocks) {
      this.#close(this.#open.keys().next().value)
    }
  }

  /** @param {string | undefined} key */
  #close (key) {
    const block = key === undefined ? undefined : this.#open.get(key)
    if (key === undefined || block === undefined) return
    this.#open.delete(key)
    this.#openWords -= block.words.size
    const own = this.#keys.get(block.userId)
    own?.delete(key)
    if (own?.size === 0) this.#keys.delete(block.userId)
    if (!this.#grown.delete(key)) return
    this.#full.push(toStored(block))
    this.#fullBytes += 3 * block.words.size
  }
}

/**
 * @param {OpenBlock} block
 * @returns {WordBlock}
 */
function toStored (block) {
  const { userId, id, firstAt, lastAt, words } = block
  const sorted = Uint32Array.from(words).sort()
  const isSmall = sorted.length <= maxSmallWords
  const outgrew = block.isSmall && !isSmall
  block.isSmall = isSmall
  return { userId, id, firstAt, lastAt, outgrew, slices: isSmall ? [[wholeSlice, bytesOf(sorted)]] : slicesOf(sorted) }
}

/**
 * @param {Uint32Array} sorted
 * @returns {Array<[slice: number, fingerprints: Uint8Array]>}
 */
function slicesOf (sorted) {
  let from = 0
  return Array.from({ length: sliceCount }, (_, slice) => {
    let to = from
    for (let next = sorted[to]; next !== undefined && sliceOf(next) === slice; next = sorted[to]) to++
    const bytes = bytesOf(sorted.subarray(from, to))
    from = to
    return [slice, bytes]
  })
}

/** @param {Uint32Array} fingerprints */
function bytesOf (fingerprints) {
  const bytes = new Uint8Array(fingerprints.length * 3)
  fingerprints.forEach((fingerprint, index) => {
    bytes[3 * index] = fingerprint >>> 16
    bytes[3 * index + 1] = fingerprint >>> 8
    bytes[3 * index + 2] = fingerprint
  })
  return bytes
}
