import { useEffect, useMemo, useRef, useState } from 'react'
import type { AlarmRecord } from '#engine/flow.ts'
import { isUnacknowledged } from './alarm-state.ts'
import { freshnessOf, useNow, useWidth } from './client.ts'
import type { MapColumn, MapVariable } from './deviation.ts'
import { cellAfterKey, cellAtPoint, layoutMap } from './map-layout.ts'
import { cellText, paintMap } from './map-paint.ts'
import { hashOf } from './route.ts'
import type { LineState } from './store.ts'

const FLASH_HALF_MS = 500

/** Cells in physical order on one canvas; arrows move, Enter opens, the table says the same. */
export function PotlineMap(props: {
  line: LineState
  variable: MapVariable | undefined
  column: MapColumn | undefined
  alarms: ReadonlyMap<string, AlarmRecord>
  height_max: number
  onPoint: (cell: number) => void
}) {
  const { line, variable, column, alarms, height_max, onPoint } = props
  const { cells } = line.info
  const [holder, setHolder] = useState<HTMLDivElement | null>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const width = useWidth(holder)
  const [focused, setFocused] = useState(0)
  const [hasFocus, setHasFocus] = useState(false)
  const isOld = freshnessOf(line, useNow(1000)).freshness === 'old'
  const flashOn = useFlash([...alarms.values()].some(isUnacknowledged))
  const layout = useMemo(
    () => layoutMap(cells.length, width, height_max),
    [cells.length, width, height_max],
  )

  useEffect(() => {
    const element = canvas.current
    const context = element?.getContext('2d')
    if (!element || !context || width === 0) return
    const ratio = window.devicePixelRatio
    element.width = width * ratio
    element.height = layout.height * ratio
    context.scale(ratio, ratio)
    const { telemetry } = line
    const isPotline = line.info.kind === 'potline'
    const picture = { layout, cells, telemetry, variable, column, alarms, focused, hasFocus }
    paintMap(context, width, { ...picture, flashOn, isPotline, isOld })
  }, [line, variable, column, alarms, layout, width, focused, hasFocus, flashOn, cells, isOld])

  const open = (cell: number) => {
    const name = cells[cell]
    if (name !== undefined)
      window.location.hash = hashOf({ screen: 'cell', line: line.info.line, cell: name })
  }
  const cellOf = (event: React.MouseEvent) => {
    const box = canvas.current?.getBoundingClientRect()
    return box ? cellAtPoint(layout, event.clientX - box.left, event.clientY - box.top) : -1
  }
  const move = (cell: number) => {
    setFocused(cell)
    onPoint(cell)
  }
  const value = variable && column ? cellText(variable, column, focused) : ''
  return (
    <div className="map" ref={setHolder}>
      <div
        id="map"
        className="map-focus"
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a canvas with its own keyboard grid
        tabIndex={0}
        aria-label="Map of cells: arrow keys move, Enter opens the cell"
        aria-describedby="map-now"
        onFocus={() => {
          setHasFocus(true)
          onPoint(focused)
        }}
        onBlur={() => setHasFocus(false)}
        onKeyDown={event => {
          if (event.key === 'Enter') return open(focused)
          const next = cellAfterKey(layout, focused, event.key)
          if (next !== focused) event.preventDefault()
          move(next)
        }}
        onMouseMove={event => onPoint(cellOf(event))}
        onMouseLeave={() => onPoint(-1)}
        onClick={event => {
          const cell = cellOf(event)
          if (cell >= 0) open(cell)
        }}
      >
        <canvas ref={canvas} style={{ width, height: layout.height }} />
      </div>
      <span id="map-now" className="unseen" aria-live={hasFocus ? 'polite' : 'off'}>
        {cells[focused]} {value}
      </span>
    </div>
  )
}

/** Half a second on, half a second off while something flashes; steady for reduced motion. */
function useFlash(active: boolean): boolean {
  const [on, setOn] = useState(true)
  useEffect(() => {
    setOn(true)
    if (!active || window.matchMedia('(prefers-reduced-motion: reduce)').matches) return
    const timer = setInterval(() => setOn(was => !was), FLASH_HALF_MS)
    return () => clearInterval(timer)
  }, [active])
  return on
}
