// Lets Node run TypeScript as it is: types become spaces, so stack lines stay exact.
// Node 22.18 and later strip types themselves; there this file does nothing.
import { register } from 'node:module'

if (!process.features.typescript) register('./ts-hook.mjs', import.meta.url)
