import { describe } from 'vitest'
import { combinerFitted } from '../anomaly/combine/model.ts'
import { forecastFitted } from '../anomaly/forecast/model.ts'
import { checkRowDetector } from '../anomaly/rows/contract.ts'
import { fitRowDetector, fitRowsSlowly, type RowDetector } from '../anomaly/rows/detector.ts'
import { drivenRun } from '../anomaly/rows/fixture.ts'
import { fitCombiner } from '../training/fit-combiner.ts'
import { fitForecast } from '../training/fit-forecast.ts'
import { configurationNames, namedConfiguration } from './configuration.ts'
import { NETWORK_SKAB, NETWORK_TEP } from './network.ts'

const WIDTH = 12
const run = drivenRun(3, 160, WIDTH, 80)
const other = drivenRun(4, 90, WIDTH, 30)
const fit = [drivenRun(1, 400, WIDTH), drivenRun(5, 400, WIDTH)]
const calibrate = [drivenRun(2, 400, WIDTH)]

const check = (name: string, detector: RowDetector) =>
  checkRowDetector({ name, start: detector.start, run, other })

describe('configurations that come with the engine', () => {
  for (const name of configurationNames()) {
    check(name, fitRowDetector(namedConfiguration(name), fit, calibrate))
  }
})

describe('networks that come with the engine, hardly trained', async () => {
  const forecast = await fitForecast({ ...NETWORK_SKAB.network, epochs: 1 }, fit, 1)
  check(
    'network of skab',
    await fitRowsSlowly(NETWORK_SKAB.plan, fit, calibrate, async () => {
      return new Map([['network', forecastFitted(forecast)]])
    }),
  )
  const combiner = await fitCombiner({ ...NETWORK_TEP.network, epochs: 1, faults: 2 }, fit, 1)
  check(
    'network of tep',
    await fitRowsSlowly(NETWORK_TEP.plan, fit, calibrate, async () => {
      return new Map([['network', combinerFitted(combiner)]])
    }),
  )
})
