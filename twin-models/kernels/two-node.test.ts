import { expect, test } from 'vitest'
import { phi1, phi2, stepOneNode, stepTwoNodes, type TwoNodes } from './two-node.ts'

test('the series and the closed form of phi1 and phi2 meet where they change over', () => {
  for (const z of [-0.5, 0.5]) {
    const inside = z * (1 - 1e-15)
    expect(phi1(inside) / phi1(z)).toBeCloseTo(1, 14)
    expect(phi2(inside) / phi2(z)).toBeCloseTo(1, 13)
  }
  expect(phi1(0)).toBe(1)
  expect(phi2(0)).toBe(0.5)
  expect(phi1(-3)).toBeCloseTo((1 - Math.exp(-3)) / 3, 15)
})

const nodes: TwoNodes = {
  ...{ heat1_J_K: 6000, heat2_J_K: 43_000, between_W_K: 27 },
  ...{ loss1_W_K: -2.5, loss2_W_K: 28, given1_W: 650, given2_W: 310 },
}

test('one long step of two nodes is many short ones, and its mean is their mean', () => {
  const long = new Float64Array(4)
  stepTwoNodes(nodes, 5, -3, 600, long)
  const short = Float64Array.of(5, -3, 0, 0)
  let mean1 = 0
  let mean2 = 0
  for (let i = 0; i < 6000; i++) {
    stepTwoNodes(nodes, short[0]!, short[1]!, 0.1, short)
    mean1 += short[2]! / 6000
    mean2 += short[3]! / 6000
  }
  expect(Math.abs(long[0]! - short[0]!)).toBeLessThan(1e-10)
  expect(Math.abs(long[1]! - short[1]!)).toBeLessThan(1e-10)
  expect(Math.abs(long[2]! - mean1)).toBeLessThan(1e-10)
  expect(Math.abs(long[3]! - mean2)).toBeLessThan(1e-10)
})

test('a classical Runge-Kutta of the same balance meets the exact step at fourth order', () => {
  const exact = new Float64Array(4)
  stepTwoNodes(nodes, 5, -3, 800, exact)
  const rate = (x1: number, x2: number) =>
    [(650 + 2.5 * x1 + 27 * (x2 - x1)) / 6000, (310 - 28 * x2 + 27 * (x1 - x2)) / 43_000] as const
  const errors = [200, 100, 50, 25].map(dt => {
    let [x, y] = [5, -3]
    for (let i = 0; i < 800 / dt; i++) {
      const [a1, a2] = rate(x, y)
      const [b1, b2] = rate(x + (dt / 2) * a1, y + (dt / 2) * a2)
      const [c1, c2] = rate(x + (dt / 2) * b1, y + (dt / 2) * b2)
      const [d1, d2] = rate(x + dt * c1, y + dt * c2)
      x += (dt / 6) * (a1 + 2 * b1 + 2 * c1 + d1)
      y += (dt / 6) * (a2 + 2 * b2 + 2 * c2 + d2)
    }
    return Math.abs(x - exact[0]!)
  })
  for (let i = 1; i < errors.length; i++) {
    expect(Math.log2(errors[i - 1]! / errors[i]!)).toBeGreaterThan(3.7)
  }
})

test('two nodes without any loss keep what they have: a singular matrix is no trouble', () => {
  const closed: TwoNodes = {
    ...{ heat1_J_K: 10, heat2_J_K: 10, between_W_K: 1 },
    ...{ loss1_W_K: 0, loss2_W_K: 0, given1_W: 0, given2_W: 0 },
  }
  const out = new Float64Array(4)
  stepTwoNodes(closed, 10, 30, 1e4, out)
  expect(out[0]).toBeCloseTo(20, 12)
  expect(out[0]! + out[1]!).toBeCloseTo(40, 12)
})

test('a stiff pair at rest stays at rest, to the last bit', () => {
  const stiff = { ...nodes, heat1_J_K: 1, heat2_J_K: 1, between_W_K: 1e6, given1_W: 0, given2_W: 0 }
  const out = new Float64Array(4)
  stepTwoNodes(stiff, 0, 0, 3600, out)
  expect([...out]).toEqual([0, 0, 0, 0])
})

test('one node decays as the exponential and integrates a source without loss', () => {
  const out = new Float64Array(2)
  stepOneNode(5, 0, 0.01, 100, out)
  expect(out[0]).toBeCloseTo(5 * Math.exp(-1), 14)
  expect(out[1]).toBeCloseTo(5 * (1 - Math.exp(-1)), 14)
  stepOneNode(5, 0.5, 0, 10, out)
  expect([...out]).toEqual([10, 7.5])
})
