/** Bars of a drawing of a whole time range. */
export const sparkBars = 24

/** How a group came over time; its numbers are beside it in words. */
export function Spark ({ counts }: { counts: readonly number[] }) {
  const most = Math.max(1, ...counts)
  return (
    <svg class='spark' viewBox={`0 0 ${counts.length} 10`} preserveAspectRatio='none' aria-hidden='true'>
      {counts.map((count, index) => (
        <rect key={index} x={index + 0.1} width={0.8} y={10 - 10 * count / most} height={10 * count / most} />
      ))}
    </svg>
  )
}
