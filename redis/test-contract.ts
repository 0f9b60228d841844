import { describeStore } from '#engine/store/contract.ts'
import { openRedisStore, type RedisStoreOptions } from './store.ts'

/** Runs the contract kit; `newOptions` gives each test keys of its own. */
export function describeRedisStore(name: string, newOptions: () => RedisStoreOptions): void {
  describeStore(name, async () => {
    const options = newOptions()
    let store = await openRedisStore(options)
    return {
      store,
      async reopen() {
        await store.close()
        store = await openRedisStore(options)
        return store
      },
      destroy: () => store.close(),
    }
  })
}
