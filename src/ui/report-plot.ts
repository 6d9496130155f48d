import type { SizeAt } from '../core/report.ts'
import { markup } from './markup.ts'
import type { Markup } from './markup.ts'

const width = 132
const height = 34
/** Room for the line's own thickness, and for the dot at its end. */
const margin = 3
/** More than this nobody sees at that size. */
const pointsAtMost = 66

/**
 * How a size grew, as a line over time from nothing to the largest; null where there are not two moments. `label` says
 * the same in words.
 */
export function growthPlot(growth: readonly SizeAt[], label: string): Markup | null {
  const points = growth.flatMap(({ at, bytes }) => {
    const time = Date.parse(at)
    return Number.isFinite(time) ? [{ time, bytes }] : []
  })
  const from = Math.min(...points.map(({ time }) => time))
  const to = Math.max(...points.map(({ time }) => time))
  if (points.length < 2 || from === to) return null
  const most = Math.max(1, ...points.map(({ bytes }) => bytes))
  const places = thinned(points).map(({ time, bytes }) => ({
    x: rounded(margin + ((width - 2 * margin) * (time - from)) / (to - from)),
    y: rounded(height - margin - ((height - 2 * margin) * bytes) / most),
  }))
  const line = places.map(({ x, y }) => `${x},${y}`).join(' ')
  const last = places.at(-1) ?? { x: 0, y: 0 }
  const floor = height - margin
  const area = `${places[0]?.x ?? 0},${floor} ${line} ${last.x},${floor}`
  return markup`<svg class="plot" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}"><polygon class="area" points="${area}"/><polyline class="line" points="${line}"/><circle class="end" cx="${last.x}" cy="${last.y}" r="2.5"/></svg>`
}

/** Every so many, and the last. */
function thinned<T>(points: readonly T[]): readonly T[] {
  const step = Math.ceil(points.length / pointsAtMost)
  return points.filter((_, index) => (points.length - 1 - index) % step === 0)
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}
