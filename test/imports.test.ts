/** Holds the arrows of ARCHITECTURE.md to the code. The rules and their sentences are in import-rules.ts. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { areaOf, complaints, importsOf, KNOWN_LIBRARIES, type Sources } from './import-rules.js'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

function sourcesOf(...folders: string[]): Sources {
  const paths = folders.flatMap(folder =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(path => join(folder, path)),
  )
  return new Map(
    paths.filter(path => path.endsWith('.ts')).map(path => [path, readFileSync(join(ROOT, path), 'utf8')]),
  )
}

/** What is said of a few invented files; each is `path: what it imports`. */
const saidOf = (files: Record<string, string | string[]>, ...others: string[]) =>
  complaints(
    new Map([
      ...Object.entries(files).map(([path, imports]): [string, string] => [
        path,
        [imports]
          .flat()
          .map(specifier => `import { x } from '${specifier}'`)
          .join('\n'),
      ]),
      ...others.map((path): [string, string] => [path, '']),
    ]),
  )

describe('the code', () => {
  const sources = sourcesOf('src', 'commands', 'jobs')

  it('keeps to the arrows of the architecture', () => {
    expect(complaints(sources)).toEqual([])
  })

  it('is read at all: commands are seen to import core, core is seen to import itself', () => {
    const imports = importsOf(sources)

    expect(imports.some(({ from, to }) => areaOf(from) === 'commands' && to === 'src/core/index.ts')).toBe(
      true,
    )
    expect(imports.some(({ from, to }) => from === 'src/core/actor.ts' || to === 'src/core/actor.ts')).toBe(
      true,
    )
  })

  it('gives every library it depends on a door', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
    }

    expect(Object.keys(dependencies).filter(library => !KNOWN_LIBRARIES.includes(library))).toEqual([])
  })
})

describe('a colleague', () => {
  it.each([
    [
      'commands/list.ts',
      '../src/platforms/discord/adapter.js',
      'a command should not know Discord exists: return a Reply',
    ],
    [
      'commands/list.ts',
      '../src/ovh/okms.js',
      'a command looks nothing up itself: `ask` a read or `start` a job',
    ],
    ['commands/list.ts', '../src/bot/load.js', 'an adapter knows src/core'],
    ['jobs/issue.ts', '../commands/list.js', 'a job does not know who started it'],
    [
      'jobs/issue.ts',
      '../src/store/runs.js',
      'a job does not know where its steps are remembered: use `step`',
    ],
    ['src/core/actor.ts', '../bot/policy.js', 'core looks at nobody'],
    ['src/pki/keys.ts', '../store/vault.js', 'pki is pure: bytes in, bytes out'],
    ['src/bot/dispatch.ts', '../store/runs.js', 'the bot knows ports, never who stands behind them'],
    ['src/bot/dispatch.ts', '../../jobs/issue.js', 'bot/load.ts finds them by folder'],
    [
      'src/store/runs.ts',
      '../queue/flows.js',
      'an adapter knows src/core and its own vendor, never another adapter',
    ],
    ['src/platforms/slack/replies.ts', '../discord/replies.js', 'never another adapter'],
    ['src/queue/flows.ts', '../main.js', 'parts are handed to each other by the file that builds them'],
    ['src/ovh/client.ts', '../config.js', 'an adapter knows src/core'],
    ['src/main.ts', './sandbox/main.js', 'production never loads the sandbox'],
    ['src/ovh/okms.ts', '../sandbox/state.js', 'production never loads the sandbox'],
    ['src/sandbox/server.ts', '../ovh/schema.js', 'shares no code with what it tests'],
  ])('says of %s that imports %s: %s', (from, specifier, sentence) => {
    const to = importsOf(new Map([[from, `import { x } from '${specifier}'`]]))[0]!.to!

    const said = saidOf({ [from]: specifier }, to)

    expect(said).toEqual([expect.stringContaining(sentence)])
    expect(said[0]).toContain(`${from} → ${to}: `)
  })

  it.each([
    ['commands/list.ts', 'discord.js', 'return a Reply'],
    ['src/bot/run-steps.ts', 'bullmq', 'ask ports/queue.ts'],
    ['src/queue/flows.ts', 'ioredis', 'only src/store knows Redis'],
    ['jobs/issue.ts', '@peculiar/x509', 'call it with bytes'],
    ['src/sandbox/ca.ts', 'node-forge', 'only src/pki makes bundles'],
    ['src/ovh/client.ts', 'left-pad', 'give left-pad a door of its own'],
    ['src/core/text.ts', 'fs', 'give fs a door of its own'],
    ['src/ovh/sign.ts', 'ovh/lib/endpoints.js', null],
    ['jobs/issue.ts', 'zod', null],
    ['src/core/secret.ts', 'node:util', null],
  ])('says of %s that imports the library %s: %s', (from, library, sentence) => {
    expect(saidOf({ [from]: library })).toEqual(sentence === null ? [] : [expect.stringContaining(sentence)])
  })

  it.each([
    ['src/core/actor.ts', './ports/chat.js', 'a word does not know a port'],
    ['src/core/run.ts', './job.js', 'a word does not know a definition'],
    ['src/core/ports/runs.ts', '../job.js', 'a port does not know a definition'],
    ['src/core/ports/runs.ts', '../run.js', null],
    ['src/core/job.ts', './ports/chat.js', null],
    ['src/core/job.ts', './index.js', 'does not know'],
  ])('says of %s that imports %s inside core: %s', (from, specifier, sentence) => {
    const to = importsOf(new Map([[from, `import { x } from '${specifier}'`]]))[0]!.to!

    expect(saidOf({ [from]: specifier }, to)).toEqual(
      sentence === null ? [] : [expect.stringContaining(sentence)],
    )
  })

  it('lets the files that build the bot know everything, and the demo the sandbox too', () => {
    const files = [
      'src/store/runs.ts',
      'src/platforms/console/adapter.ts',
      'src/sandbox/server.ts',
      'commands/list.ts',
    ]

    expect(
      saidOf({ 'src/build-bot.ts': ['./store/runs.js', './platforms/console/adapter.js'] }, ...files),
    ).toEqual([])
    expect(saidOf({ 'src/demo/main.ts': ['../sandbox/server.js', '../store/runs.js'] }, ...files)).toEqual([])
  })

  it('asks about a folder nobody has spoken of', () => {
    expect(saidOf({ 'src/weather/sun.ts': '../core/text.js' }, 'src/core/text.ts')).toEqual([
      'src/weather/sun.ts: say in test/import-rules.ts what src/weather may know',
    ])
  })

  it('sees circles, whatever their size', () => {
    const said = saidOf({
      'src/ovh/a.ts': './b.js',
      'src/ovh/b.ts': './c.js',
      'src/ovh/c.ts': './a.js',
      'src/pki/x.ts': './x.js',
    })

    expect(said).toEqual([
      'src/ovh/a.ts → src/ovh/b.ts → src/ovh/c.ts → src/ovh/a.ts: these import each other in a circle',
      'src/pki/x.ts → src/pki/x.ts: these import each other in a circle',
    ])
  })

  it.each([
    ['type imports', "import type { X } from 'bullmq'"],
    ['imports over several lines', "import {\n  Queue,\n  type X,\n} from 'bullmq'"],
    ['imports for their effect', "import 'bullmq'"],
    ['re-exports', "export * from 'bullmq'"],
    ['imports on the way', "const { Queue } = await import('bullmq')"],
    ['types named on the way', "type X = import('bullmq').Queue"],
  ])('sees %s', (_, text) => {
    expect(importsOf(new Map([['src/bot/x.ts', text]]))).toEqual([
      { from: 'src/bot/x.ts', specifier: 'bullmq', to: null },
    ])
  })

  it('does not take a sentence for an import', () => {
    const text =
      "/** What we import from 'bullmq'. */\nexport const x = `said from 'bullmq'`\nexport const y = \"import from 'bullmq'\""

    expect(importsOf(new Map([['src/bot/x.ts', text]]))).toEqual([])
  })

  it.each([
    ['src/bot/utils.ts', '', 'a subject that has not been named yet'],
    ['src/helpers/x.ts', '', 'has not been named yet'],
    ['src/bot/string-helper.ts', '', 'has not been named yet'],
    ['src/ovh/client.ts', 'const x = process.env.OVH_RATE', 'the environment is read once, in src/config.ts'],
    ['src/bot/x.ts', "export { x } from './y.js'", 'is the one file that re-exports'],
  ])('says of %s that holds %j: %s', (path, text, sentence) => {
    const said = complaints(
      new Map([
        [path, text],
        ['src/bot/y.ts', ''],
      ]),
    )

    expect(said.join('\n')).toContain(sentence)
  })

  it('lets settings read the environment', () => {
    expect(
      complaints(
        new Map([
          ['src/config.ts', 'process.env'],
          ['src/config/x.ts', 'process.env'],
        ]),
      ),
    ).toEqual([])
  })

  it('minds the ending of an import, and that it leads somewhere', () => {
    expect(saidOf({ 'src/ovh/a.ts': ['./b', './c.js'] }, 'src/ovh/b.ts')).toEqual([
      'src/ovh/a.ts → ./b: write the import as Node finds it, ending in .js',
      'src/ovh/a.ts → ./c.js: there is no src/ovh/c.ts',
    ])
  })
})
