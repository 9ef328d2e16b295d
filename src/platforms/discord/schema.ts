/**
 * What Discord tells us, parsed at the door: only the fields we use.
 * https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object
 */
import { z } from 'zod'

const id = z.string().regex(/^\d{1,20}$/)

const user = z.object({ id, username: z.string(), global_name: z.string().nullish() })

export interface HeardOption {
  name: string
  type: number
  value?: string | number | boolean | undefined
  focused?: boolean | undefined
  options?: HeardOption[] | undefined
}
const option: z.ZodType<HeardOption> = z.object({
  name: z.string(),
  type: z.number(),
  value: z.union([z.string(), z.number(), z.boolean()]).optional(),
  focused: z.boolean().optional(),
  get options() {
    return z.array(option).optional()
  },
})

const attachment = z.object({ id, filename: z.string(), size: z.number(), url: z.string() })
export type HeardAttachment = z.infer<typeof attachment>

/** A field of a submitted form: a Label around a Text Input (`value`) or a File Upload (`values`: attachment ids). */
const filled = z.object({
  component: z
    .object({ custom_id: z.string(), value: z.string().optional(), values: z.array(z.string()).optional() })
    .optional(),
})

/** Types 2 command, 3 button, 4 autocomplete, 5 form. */
export const interactionSchema = z.object({
  id,
  token: z.string().min(1),
  type: z.number(),
  guild_id: id.optional(),
  channel_id: id.optional(),
  channel: z.object({ id, type: z.number(), name: z.string().nullish(), parent_id: id.nullish() }).optional(),
  member: z.object({ user, roles: z.array(id), nick: z.string().nullish() }).optional(),
  user: user.optional(),
  data: z
    .object({
      name: z.string().optional(),
      options: z.array(option).optional(),
      custom_id: z.string().optional(),
      components: z.array(filled).optional(),
      resolved: z.object({ attachments: z.record(z.string(), attachment).optional() }).optional(),
    })
    .optional(),
})
export type HeardInteraction = z.infer<typeof interactionSchema>

const component: z.ZodType<HeardComponent> = z.object({
  id: z.number().optional(),
  content: z.string().optional(),
  get components() {
    return z.array(component).optional()
  },
})
export interface HeardComponent {
  id?: number | undefined
  content?: string | undefined
  components?: HeardComponent[] | undefined
}
export const messageSchema = z.object({
  id,
  channel_id: id,
  author: z.object({ id }).optional(),
  components: z.array(component).optional(),
})
export type HeardMessage = z.infer<typeof messageSchema>

export const channelSchema = z.object({ id })
export const memberSchema = z.object({ roles: z.array(id) })

/** What doctor looks at. https://docs.discord.com/developers/resources/channel#channel-object */
export const seenChannel = z.object({
  id,
  name: z.string().nullish(),
  guild_id: id.optional(),
  permission_overwrites: z.array(z.object({ id, allow: z.string(), deny: z.string() })).optional(),
})
export type SeenChannel = z.infer<typeof seenChannel>
export const seenRole = z.object({ id, permissions: z.string() })
export type SeenRole = z.infer<typeof seenRole>
export const selfSchema = z.object({ id, username: z.string() })
