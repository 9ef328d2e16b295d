/**
 * The IAM actions this folder needs, so that a service account can be granted exactly these (OVHcloud API v2
 * okms schema, v1 dedicatedCloud schema). The regions (`/v2/okms/reference/regions`), the server's time and
 * `/v1/auth/details` need none.
 */
export interface Right {
  action: string
  /** What the bot does with it, for whoever writes the policy. */
  why: string
  /** The one thing that needs it, and is missed where it is refused; without: many do. */
  only?: string
  /** No command needs it yet, so doctor does not ask for it. */
  dormant?: true
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
  {
    action: 'pccVMware:apiovh:get',
    why: 'list the Private Clouds of the account, see whether one is delivered',
  },
  { action: 'pccVMware:apiovh:task/get', why: 'follow what a change to a key server leads to' },
  {
    action: 'pccVMware:apiovh:task/resetTaskState',
    why: 'let a task that ended in an error run on',
    dormant: true,
  },
  { action: 'pccVMware:apiovh:user/get', why: 'see who may set up key providers in vCenter', dormant: true },
  { action: 'pccVMware:apiovh:vmEncryption/get', why: 'show whether VM encryption is on' },
  { action: 'pccVMware:apiovh:vmEncryption/kms/get', why: 'list key servers, compare their thumbprints' },
  { action: 'pccVMware:apiovh:vmEncryption/kms/create', why: 'attach an OKMS to a Private Cloud' },
  { action: 'pccVMware:apiovh:vmEncryption/kms/changeProperties', why: 'repair a thumbprint' },
  { action: 'pccVMware:apiovh:vmEncryption/kms/delete', why: 'detach a key server' },
  {
    action: 'okms:apiovh:serviceKey/get',
    why: 'list service keys, show their public parts',
    only: '/okms key',
  },
  { action: 'okms:apiovh:serviceKey/create', why: 'create service keys', only: '/okms key' },
  { action: 'okms:apiovh:serviceKey/import', why: 'import service keys', only: '/okms key' },
  {
    action: 'okms:apiovh:serviceKey/update',
    why: 'rename service keys, change their state',
    only: '/okms key',
  },
  { action: 'okms:apiovh:serviceKey/activate', why: 'activate service keys', only: '/okms key' },
  { action: 'okms:apiovh:serviceKey/deactivate', why: 'deactivate service keys', only: '/okms key' },
  { action: 'okms:apiovh:serviceKey/delete', why: 'delete service keys', only: '/okms key' },
  {
    action: 'account:apiovh:me/identity/user/get',
    why: 'see that the users in profiles exist',
    only: 'checking identities',
  },
  {
    action: 'account:apiovh:me/identity/group/get',
    why: 'see that the groups in profiles exist',
    only: 'checking identities',
  },
  {
    action: 'account:apiovh:me/api/oauth2/client/get',
    why: 'see that the service accounts in profiles exist',
    only: 'checking identities',
  },
  { action: 'account:apiovh:me/get', why: 'order for the right subsidiary', only: '/okms order' },
  { action: 'order:apiovh:cart/get', why: 'find a cart again after a lost answer', only: '/okms order' },
  { action: 'order:apiovh:cart/assign', why: 'make a cart that of the account', only: '/okms order' },
  { action: 'order:apiovh:cart/delete', why: 'put a cart away that is not bought', only: '/okms order' },
  {
    action: 'order:apiovh:cart/checkout/simulate',
    why: 'show price and contracts before anybody decides',
    only: '/okms order',
  },
  { action: 'order:apiovh:cart/checkout/execute', why: 'buy an OKMS', only: '/okms order' },
  { action: 'account:apiovh:me/order/status/get', why: 'follow an order', only: '/okms order' },
  {
    action: 'account:apiovh:me/order/details/get',
    why: 'see which OKMS an order delivered',
    only: '/okms order',
  },
  {
    action: 'account:apiovh:me/order/details/extension/get',
    why: 'see which line of an order is the OKMS',
    only: '/okms order',
  },
] as const satisfies readonly Right[]
