import { PermissionFlagsBits } from 'discord.js'
import { describe, expect, it } from 'vitest'
import { permissionsIn } from '../../../../src/platforms/discord/checkup.js'

const { ViewChannel: VIEW, SendMessages: SEND, AttachFiles: FILES, Administrator } = PermissionFlagsBits
const [GUILD, ROLE, OTHER, SELF] = ['1', '2', '3', '4']
const role = (id: string, ...bits: bigint[]) => ({
  id,
  permissions: String(bits.reduce((a, b) => a | b, 0n)),
})
const over = (id: string, allow: bigint, deny: bigint) => ({ id, allow: String(allow), deny: String(deny) })
const held = (
  overwrites: ReturnType<typeof over>[],
  roles = [role(GUILD!, VIEW), role(ROLE!, SEND), role(OTHER!, FILES)],
) =>
  permissionsIn({ id: '9', guild_id: GUILD!, permission_overwrites: overwrites }, SELF!, {
    roles,
    own: [ROLE!],
  })

describe('permissions in a channel', () => {
  it('are those of everyone and of the roles that the bot has', () => {
    expect(held([])).toBe(VIEW | SEND)
  })

  it('change by channel: everyone first, then roles, then the bot itself', () => {
    expect(held([over(GUILD!, FILES, SEND)])).toBe(VIEW | FILES)
    expect(held([over(GUILD!, 0n, SEND), over(ROLE!, SEND, 0n)])).toBe(VIEW | SEND)
    expect(held([over(ROLE!, 0n, SEND), over(SELF!, SEND, 0n)])).toBe(VIEW | SEND)
    expect(held([over(SELF!, 0n, SEND), over(ROLE!, SEND, 0n)])).toBe(VIEW)
    expect(held([over(OTHER!, FILES, SEND)])).toBe(VIEW | SEND)
  })

  it('are none where the channel cannot be seen, and all for an administrator', () => {
    expect(held([over(GUILD!, 0n, VIEW)])).toBe(0n)
    const roles = [role(GUILD!), role(ROLE!, Administrator)]
    expect(held([over(GUILD!, 0n, VIEW)], roles) & (VIEW | SEND | FILES)).toBe(VIEW | SEND | FILES)
  })
})
