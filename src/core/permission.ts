/** What a policy can allow. Each command names the one it needs; whoever was not given it may not. */
export const PERMISSIONS = [
  'read',
  'credential:issue',
  'credential:revoke',
  'key:manage',
  'cloud:attach',
  'cloud:detach',
  'order:place',
  'approve',
  'reminders:manage',
  'operate',
  'audit',
] as const

export type Permission = (typeof PERMISSIONS)[number]
