/** Service keys of one OKMS or of all. One list call per page, none per key. */
import { z } from 'zod'
import { defineRead, type ServiceKey } from '../src/core/index.js'
import { allKeys } from './service-key/find.js'

export interface ListedKey extends ServiceKey {
  okmsName: string
}

export const listServiceKeys = defineRead({
  name: 'list-service-keys',
  input: z.object({ okms: z.string().optional() }),

  async run({ input, signal, ...where }): Promise<ListedKey[]> {
    const found = await allKeys(where, input.okms, signal)
    return found.map(({ okms, ...key }) => ({ ...key, okmsName: okms.name }))
  },
})
