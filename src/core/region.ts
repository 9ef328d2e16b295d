/** Names of OVHcloud regions. Lower case with dashes since November 2024 (ovh/terraform-provider-ovh issue 773); guides still print the old spelling. */

/** The spelling the API takes: `EU_WEST_RBX` and ` eu-west-rbx ` both become `eu-west-rbx`. Whether it exists, only the API knows. */
export function normalizeRegion(text: string): string {
  return text.trim().toLowerCase().replaceAll('_', '-')
}

/** The spelling of the beta and of older guides: `EU_WEST_RBX`. */
export function oldRegionName(region: string): string {
  return normalizeRegion(region).toUpperCase().replaceAll('-', '_')
}
