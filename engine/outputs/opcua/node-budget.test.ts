import { expect, test } from 'vitest'
import { nodeBudget } from './node-budget.ts'

test('potlines keep their nodes free however much the other lines ask for', () => {
  const full: string[] = []
  const budget = nodeBudget(100, line => full.push(line))
  budget.add('assets', 'generic', 5000)
  budget.add('pots', 'potline', 60)
  const taken = (line: string, wanted: number) => {
    let nodes = 0
    while (nodes < wanted && budget.take(line)) nodes++
    return nodes
  }
  expect(taken('pots', 10)).toBe(10)
  expect(taken('assets', 5000)).toBe(40)
  expect(taken('assets', 1)).toBe(0)
  expect(full).toEqual(['assets'])
  expect(taken('pots', 50)).toBe(50)
  expect(budget.taken()).toBe(100)
  expect(budget.take('pots')).toBe(false)
  expect(full).toEqual(['assets', 'pots'])
})

test('a potline that cannot be shown in full says so before anybody asks', () => {
  const full: string[] = []
  const budget = nodeBudget(100, line => full.push(line))
  budget.add('first', 'potline', 60)
  expect(full).toEqual([])
  budget.add('second', 'potline', 60)
  expect(full).toEqual(['second'])
  for (let node = 0; node < 100; node++) expect(budget.take('second')).toBe(true)
  expect(budget.take('second')).toBe(false)
  expect(full).toEqual(['second'])
})

test('a line that is not known gets nothing', () => {
  const budget = nodeBudget(100, () => {})
  expect(budget.take('nobody')).toBe(false)
  expect(budget.taken()).toBe(0)
})
