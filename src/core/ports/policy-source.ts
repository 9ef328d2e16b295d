/** The policy as all processes judge by it. Generic in what a policy is, so that the store need not know. */
export interface PolicySource<P> {
  /** The published policy; `null` when there is none, and then nobody may do anything. */
  current(): Promise<P | null>
}
