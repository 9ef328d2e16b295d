/**
 * The IAM actions this folder needs, so that a service account can be granted exactly these (OVHcloud API v2 okms schema). The
 * regions (`/v2/okms/reference/regions`), the server's time and `/v1/auth/details` need none.
 */
export interface Right {
  action: string
  /** What the bot does with it, for whoever writes the policy. */
  why: string
}

export const RIGHTS = [
  {
    action: 'okms:apiovh:resource/get',
    why: 'list the OKMS of the account, show endpoints and CA certificates',
  },
  {
    action: 'okms:apiovh:credential/get',
    why: 'list credentials, follow a new one, read its certificate',
  },
  { action: 'okms:apiovh:credential/create', why: 'issue and renew credentials' },
  { action: 'okms:apiovh:credential/delete', why: 'revoke credentials' },
] as const satisfies readonly Right[]
