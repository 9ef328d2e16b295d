/**
 * The 13 regions of the EU platform (OVHcloud API v2 schema, `okms.RegionEnum`). Types and certifications are ours: the
 * schema gives the words, no source says which region has which. `us-east-vin` belongs to another platform and is left out.
 */

export const REGION_IDS = [
  'eu-west-rbx',
  'eu-west-sbg',
  'eu-west-gra',
  'eu-west-lim',
  'eu-west-eri',
  'eu-west-par',
  'eu-central-waw',
  'eu-south-mil',
  'ca-east-bhs',
  'ca-east-tor',
  'ap-southeast-sgp',
  'ap-southeast-syd',
  'ap-south-mum',
] as const

export type RegionId = (typeof REGION_IDS)[number]

const THREE_ZONES: readonly RegionId[] = ['eu-west-par', 'eu-south-mil']
const CERTIFIED: readonly RegionId[] = ['eu-west-rbx', 'eu-west-sbg', 'eu-west-gra', 'eu-west-par']

export interface Region {
  id: RegionId
  type: 'LOCAL-ZONE' | 'REGION-1-AZ' | 'REGION-3-AZ'
  certifications: readonly string[]
  /** The name of the region's servers, which their certificates carry. */
  host: string
  restEndpoint: string
  swaggerEndpoint: string
}

export const REGIONS: readonly Region[] = REGION_IDS.map(id => {
  const host = `${id}.okms.ovh.net`
  return {
    id,
    type: THREE_ZONES.includes(id) ? 'REGION-3-AZ' : 'REGION-1-AZ',
    certifications: CERTIFIED.includes(id) ? ['HDS', 'PCI_DSS', 'SOC2', 'STANDARD'] : ['SOC2', 'STANDARD'],
    host,
    restEndpoint: `https://${host}`,
    swaggerEndpoint: `https://${host}/swagger/`,
  }
})
