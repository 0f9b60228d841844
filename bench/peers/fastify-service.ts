/** The JSON over HTTP service that a team writes in an afternoon: checks, a running mean, 204. */
import fastify from 'fastify'

/** Where the service takes one reading, and where many. */
export type ServicePath = '/single' | '/batch'

interface Reading {
  readonly asset: string
  readonly tag: string
  readonly value: number
}

const reading = {
  type: 'object',
  required: ['asset', 'tag', 'value'],
  properties: {
    asset: { type: 'string' },
    tag: { type: 'string' },
    value: { type: 'number' },
    time_ms: { type: 'number' },
  },
}
const batch = {
  type: 'object',
  required: ['time_ms', 'readings'],
  properties: { time_ms: { type: 'number' }, readings: { type: 'array', items: reading } },
}

const means = new Map<string, number>()
const take = ({ asset, tag, value }: Reading) => {
  const key = `${asset}/${tag}`
  const mean = means.get(key) ?? value
  means.set(key, mean + 0.1 * (value - mean))
}

const app = fastify({ bodyLimit: 16 * 1024 * 1024 })
app.post<{ Body: Reading }>('/single', { schema: { body: reading } }, async (request, reply) => {
  take(request.body)
  return reply.code(204).send()
})
app.post<{ Body: { readings: Reading[] } }>(
  '/batch',
  { schema: { body: batch } },
  async (request, reply) => {
    for (const one of request.body.readings) take(one)
    return reply.code(204).send()
  },
)
const address = await app.listen({ host: '127.0.0.1', port: 0 })
process.stdout.write(`listening ${address}\n`)
