// Loaded before the service (node --import), this makes its clock wrong by so many milliseconds:
// Date alone, as a machine's clock that is set wrong does; the steady clock goes on.
const shiftMs = Number(process.env.CHAOS_CLOCK_SHIFT_MS)
const RightDate = globalThis.Date

globalThis.Date = class Date extends RightDate {
  static now () {
    return RightDate.now() + shiftMs
  }

  constructor (...given) {
    super(...given.length === 0 ? [RightDate.now() + shiftMs] : given)
  }
}
