import type { Channel, Quantity } from '../flow.ts'

/** Fields of the twin of a fixture line. */
export const fixtureFields: readonly Quantity[] = [
  {
    name: 'bath_K',
    unit: 'K',
    text: 'bath temperature',
    low: 1173,
    high: 1323,
    display: { unit: 'C', scale: 1, offset: -273.15, digits: 1 },
  },
  {
    name: 'alumina_1',
    unit: '1',
    text: 'dissolved alumina',
    low: 0,
    high: 0.1,
    display: { unit: 'wt%', scale: 100, offset: 0, digits: 2 },
  },
]

/** Channels of the twin of a fixture line. */
export const fixtureChannels: readonly Channel[] = [
  {
    name: 'voltage_V',
    tag: 'cell_voltage',
    unit: 'V',
    text: 'cell voltage',
    low: 0,
    high: 60,
    display: { unit: 'V', scale: 1, offset: 0, digits: 3 },
  },
]
