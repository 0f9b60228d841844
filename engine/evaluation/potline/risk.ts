import { processDetector } from '../../anomaly/process/detector.ts'
import type { BuildRisk } from './line.ts'

/** The score of the potroom rules, from the same detector as runs in the anomaly stage. */
export const processRisk: BuildRisk = (definition, { twin, anomaly }) => {
  const detector = processDetector(definition, twin)
  return (frame, twinFrame) => {
    detector.tick(frame, twinFrame, anomaly.sensorFaults(), () => {})
    return detector.risk
  }
}
