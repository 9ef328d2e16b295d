/** Publishing commands is a comparison: what a server has is read, and written only where it differs, so that a restart is quiet. */
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Log } from '../../core/ports/log.js'
import type { SlashCommand } from './commands.js'
import type { Wire } from './wire.js'

interface Comparable {
  name: string
  description: string
  type: number
  required: boolean
  autocomplete: boolean
  max_length: number | null
  choices: { name: string; value: string | number }[]
  options: Comparable[]
}

/** What we say about a command; Discord adds ids, versions and defaults, and leaves out what is false. */
const comparable: z.ZodType<Comparable> = z.object({
  name: z.string(),
  description: z.string().default(''),
  type: z.number().default(1),
  required: z.boolean().default(false),
  autocomplete: z.boolean().default(false),
  max_length: z
    .number()
    .nullish()
    .transform(most => most ?? null),
  choices: z
    .array(z.object({ name: z.string(), value: z.union([z.string(), z.number()]) }))
    .nullish()
    .transform(choices => choices ?? []),
  get options() {
    return z
      .array(comparable)
      .nullish()
      .transform(options => options ?? [])
  },
})
const published = z.array(comparable)

/** Guild commands: they show at once, and only where the bot serves. */
export async function publishCommands(
  wire: Pick<Wire, 'commandsOf' | 'setCommands'>,
  guildIds: readonly string[],
  command: SlashCommand,
  log: Log,
): Promise<void> {
  const wanted = published.parse([command])
  for (const guildId of guildIds) {
    const present = await wire.commandsOf(guildId, published)
    if (isDeepStrictEqual(present, wanted)) continue
    await wire.setCommands(guildId, [command])
    log.info('commands published', { guildId })
  }
}
