// Loaded before the service (node --import): shifts its clock by CHAOS_CLOCK_SHIFT_MS milliseconds.
// Only Date is shifted, as when a machine's clock is set wrong; the monotonic clock stays right.
const shiftMs = Number(process.env.CHAOS_CLOCK_SHIFT_MS)
const RightDate = globalThis.Date

class ShiftedDate extends RightDate {
  /** @override */
  static now () {
    return RightDate.now() + shiftMs
  }

  /** @param {any[]} given */
  constructor (...given) {
    const values = /** @type {[number]} */ (given.length === 0 ? [ShiftedDate.now()] : given)
    super(...values)
  }
}

// A call of Date() without `new` would throw; nothing here makes one.
globalThis.Date = /** @type {DateConstructor} */ (/** @type {unknown} */ (ShiftedDate))
