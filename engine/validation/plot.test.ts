import { expect, test } from 'vitest'
import { type LinePlot, lineSvg, type Point } from './plot.ts'

const points: Point[] = [1, 2, 3, 4].flatMap(x => [
  { x, y: x * x + 1 / 3, series: 'curve', panel: 'a' },
  { x, y: x * x, series: 'given', panel: 'b' },
])
const plot: LinePlot = {
  points,
  series: ['curve', 'given'],
  dotted: ['given'],
  x: 'time, h',
  y: 'height, mm',
  width: 200,
  height: 100,
}

test('a plot names its axes and series, and is the same each time', async () => {
  const svg = await lineSvg(plot)
  for (const text of ['time, h', 'height, mm', 'curve', 'given']) expect(svg).toContain(text)
  expect(await lineSvg(plot)).toBe(svg)
})

test('coordinates end at a hundredth, so that last bits do not show', async () => {
  for (const given of [
    plot,
    { ...plot, panels: ['a', 'b'], columns: 2 },
    { ...plot, logarithmic: true },
  ]) {
    const svg = await lineSvg(given)
    expect(svg).toMatch(/^<svg/)
    expect(svg).not.toMatch(/\d\.\d{3}/)
    expect(svg).not.toContain('NaN')
  }
})
