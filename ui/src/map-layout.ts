/** Place of one cell on the map, in CSS pixels. */
export interface CellBox {
  readonly cell: number
  readonly row: number
  readonly column: number
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface MapLayout {
  readonly boxes: readonly CellBox[] // [cell]
  readonly rows: number
  readonly columns: number
  readonly height: number
  /** Room above each row, for the way of the current. */
  readonly aisle: number
}

const CELL_WIDTH_MIN = 24
const CELL_HEIGHT_MAX = 160
const CELL_HEIGHT_MIN = 26
const GAP = 3
/** The aisle between the two rows of a potroom, and room for the current's arrows. */
const AISLE = 22
/** Where a long line is folded into many rows, the cells get the room. */
const AISLE_DENSE = 14
const ROWS_WITH_AISLE = 4

/**
 * Two rows of a potroom, the second running back as the current does; more rows only where
 * cells would become too narrow to point at.
 */
export function layoutMap(cells: number, width: number, height_max: number): MapLayout {
  const perRowMax = Math.max(1, Math.floor(width / CELL_WIDTH_MIN))
  const columns = Math.max(1, Math.min(perRowMax, cells <= 3 ? cells : Math.ceil(cells / 2)))
  const rows = Math.max(1, Math.ceil(cells / columns))
  const aisle = rows > ROWS_WITH_AISLE ? AISLE_DENSE : AISLE
  const room = (height_max - rows * aisle) / rows
  const boxHeight = Math.max(CELL_HEIGHT_MIN, Math.min(CELL_HEIGHT_MAX, room))
  const pitch = Math.min(width / columns, 160)
  const boxes = Array.from({ length: cells }, (_, cell): CellBox => {
    const row = Math.floor(cell / columns)
    const along = cell % columns
    const column = row % 2 === 0 ? along : columns - 1 - along
    return {
      cell,
      row,
      column,
      x: column * pitch,
      y: row * (boxHeight + aisle) + aisle,
      width: pitch - GAP,
      height: boxHeight,
    }
  })
  return { boxes, rows, columns, height: rows * (boxHeight + aisle) + 4, aisle }
}

/** The cell under a point, or -1. */
export function cellAtPoint(layout: MapLayout, x: number, y: number): number {
  const inside = (box: CellBox) =>
    x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height
  return layout.boxes.find(inside)?.cell ?? -1
}

/** The cell that an arrow, Home or End key leads to; the same cell when there is none. */
export function cellAfterKey(layout: MapLayout, cell: number, key: string): number {
  const box = layout.boxes[cell]
  if (!box) return cell
  const at = (row: number, column: number) =>
    layout.boxes.find(other => other.row === row && other.column === column)?.cell ?? cell
  if (key === 'ArrowLeft') return at(box.row, box.column - 1)
  if (key === 'ArrowRight') return at(box.row, box.column + 1)
  if (key === 'ArrowUp') return at(box.row - 1, box.column)
  if (key === 'ArrowDown') return at(box.row + 1, box.column)
  if (key === 'Home') return 0
  if (key === 'End') return layout.boxes.length - 1
  return cell
}
