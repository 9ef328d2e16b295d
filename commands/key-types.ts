/** /okms key types eu-west-rbx */
import { listServiceKeyTypes } from '../jobs/list-service-key-types.js'
import { code, defineCommand, option, say } from '../src/core/index.js'

export default defineCommand({
  name: 'key types',
  summary: 'Show which service keys can be made',
  options: { region: option.region('A region; without it, those of your OKMS').optional() },
  requires: 'read',
  answers: 'publicly',
  examples: ['/okms key types', '/okms key types eu-west-rbx'],

  async run({ options: { region }, ask, reply }) {
    const groups = await ask(listServiceKeyTypes, { region })
    const regions = groups.flatMap(group => group.regions)
    await reply.show({
      kind: 'table',
      title: `Service keys that can be made in ${regions.join(', ')}`,
      columns: [
        ...(groups.length > 1 ? [{ header: 'REGION' }] : []),
        { header: 'TYPE' },
        { header: 'SIZE OR CURVE' },
        { header: 'OPERATIONS' },
      ],
      rows: groups.flatMap(group =>
        group.kinds.map(kind => [
          ...(groups.length > 1 ? [group.regions.join(', ')] : []),
          kind.type,
          marked(
            [...kind.sizes, ...kind.curves].map(String),
            String(kind.defaultSize ?? kind.defaultCurve ?? ''),
          ),
          marked(
            kind.operations.map(pair => pair.join(',')),
            kind.defaultOperations?.join(',') ?? '',
          ),
        ]),
      ),
      after: [say`* is taken where nothing is said. ${code('/okms key create <name> <type>')} makes one.`],
      fileName: 'key-types.txt',
    })
  },
})

const marked = (all: readonly string[], usual: string) =>
  all.map(one => (one === usual ? `${one}*` : one)).join(' or ')
