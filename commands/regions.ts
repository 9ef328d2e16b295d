/** /okms regions */

import { listRegions } from '../jobs/list-regions.js'
import { defineCommand, oldRegionName } from '../src/core/index.js'

export default defineCommand({
  name: 'regions',
  summary: 'Show every region with its addresses',
  options: {},
  requires: 'read',
  answers: 'publicly',
  examples: ['/okms regions'],

  async run({ ask, reply }) {
    const regions = await ask(listRegions, {})
    await reply.show({
      kind: 'table',
      title: regions.length === 1 ? '1 region' : `${regions.length} regions`,
      columns: [
        { header: 'REGION' },
        { header: 'KMIP' },
        { header: 'REST' },
        { header: 'SWAGGER' },
        { header: 'OLD SPELLING' },
      ],
      rows: regions.map(({ id, kmipEndpoint, restEndpoint }) => [
        id,
        kmipEndpoint,
        restEndpoint,
        // The region list has no Swagger field; an OKMS of the region shows the address it has now.
        `${restEndpoint}/swagger/`,
        oldRegionName(id),
      ]),
      after: ['Older guides write regions in the old spelling; the bot takes both.'],
      fileName: 'regions.txt',
    })
  },
})
