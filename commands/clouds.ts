/** /okms clouds */
import { listClouds } from '../jobs/list-clouds.js'
import { code, defineCommand, lines, say } from '../src/core/index.js'

export default defineCommand({
  name: 'clouds',
  summary: 'Show the Private Clouds, their encryption and key servers',
  options: {},
  requires: 'read',
  answers: 'publicly',
  examples: ['/okms clouds'],

  async run({ ask, reply }) {
    const clouds = await ask(listClouds, {})
    if (clouds.length === 0) {
      await reply.show(lines('No Private Cloud in this account.'))
      return
    }
    await reply.show({
      kind: 'table',
      title: clouds.length === 1 ? '1 Private Cloud' : `${clouds.length} Private Clouds`,
      columns: ['CLOUD', 'STATE', 'ENCRYPTION', 'KEY SERVER', 'ADDRESS', 'OKMS', 'KEY SERVER STATE'].map(
        header => ({ header }),
      ),
      rows: clouds.flatMap(({ serviceName, state, encryption, keyServers }) =>
        keyServers.length === 0
          ? [[serviceName, state, encryption, 'none', '', '', '']]
          : keyServers.map(one => [
              serviceName,
              state,
              encryption,
              String(one.kmsId),
              one.ip,
              one.okmsName ?? 'unknown',
              one.state,
            ]),
      ),
      after: [
        say`${code(`/okms attach ${clouds[0]!.serviceName} <okms>`)} registers an OKMS as its key server`,
      ],
      fileName: 'clouds.txt',
    })
  },
})
