import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { systemClock } from '#engine/core/clock.ts'
import { WS_PATH } from '#engine/outputs/websocket/protocol.ts'
import { alarmSound } from './alarm-sound.ts'
import { App } from './app.tsx'
import { ConnectionContext } from './client.ts'
import { connect } from './connection.ts'
import { otherWindows, soundChoice } from './sound-choice.ts'
import { webSpeaker } from './speaker.ts'
import { SoundContext } from './use-sound.ts'
import 'uplot/dist/uPlot.min.css'
import './base.css'
import './frame.css'
import './tables.css'
import './line.css'
import './cell.css'
import './alarms.css'
import './advice.css'
import './models.css'
import './engine.css'
import './phone.css'

const scheme = window.location.protocol === 'https:' ? 'wss' : 'ws'
const connection = connect({
  openSocket: () => new WebSocket(`${scheme}://${window.location.host}${WS_PATH}`),
  elapsed_ms: () => systemClock.elapsed_ms(),
  setTimeout: (run, delay_ms) => window.setTimeout(run, delay_ms),
  clearTimeout: timer => window.clearTimeout(timer),
})
const sound = alarmSound({
  connection,
  speaker: webSpeaker(),
  choice: soundChoice,
  others: otherWindows(),
  elapsed_ms: () => systemClock.elapsed_ms(),
  every(period_ms, run) {
    const timer = window.setInterval(run, period_ms)
    return () => window.clearInterval(timer)
  },
})
document.addEventListener('visibilitychange', () => connection.setHidden(document.hidden))

const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <StrictMode>
      <ConnectionContext value={connection}>
        <SoundContext value={sound}>
          <App />
        </SoundContext>
      </ConnectionContext>
    </StrictMode>,
  )
