import { useEffect, useState } from 'react'
import uPlot from 'uplot'
import { useWidth } from './client.ts'

const HEIGHT = 160
const AXIS = {
  stroke: '#3f464b',
  font: '11px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif',
  grid: { stroke: '#d3d6d8', width: 1 },
  ticks: { stroke: '#d3d6d8', width: 1, size: 4 },
}

/** The loss of each epoch of a training. */
export function ModelLoss({ loss }: { loss: readonly number[] }) {
  const [holder, setHolder] = useState<HTMLDivElement | null>(null)
  const width = useWidth(holder)
  const epochs = loss.length
  useEffect(() => {
    if (!holder || width === 0 || epochs === 0) return
    const made = new uPlot(
      {
        width,
        height: HEIGHT,
        legend: { show: false },
        padding: [8, 18, 0, 0],
        cursor: { points: { show: false }, drag: { x: false, y: false } },
        scales: { x: { time: false } },
        series: [{}, { stroke: '#1f5594', width: 1.5, points: { show: epochs < 3 } }],
        axes: [
          { ...AXIS, size: 28, incrs: [1, 2, 5, 10, 20, 50, 100] },
          { ...AXIS, size: 56 },
        ],
      },
      [loss.map((_, i) => i + 1), [...loss]],
      holder,
    )
    return () => made.destroy()
  }, [holder, width, epochs, loss])
  if (epochs === 0) return <p className="soft">No loss curve is recorded.</p>
  const [first, last] = [loss[0]!.toPrecision(3), loss.at(-1)!.toPrecision(3)]
  return (
    <figure className="loss">
      <figcaption>
        <b>Loss</b>{' '}
        <span className="soft">
          by epoch, {first} to {last}
        </span>
      </figcaption>
      <div
        ref={setHolder}
        role="img"
        aria-label={`Loss over ${epochs} epochs, from ${first} to ${last}`}
        data-testid="model-loss"
      />
    </figure>
  )
}
