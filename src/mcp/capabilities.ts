import type { Offer } from './registry.ts'

/** What the server announces, the same in both eras. A list that is empty is not announced. */
export function asCapabilities(offer: Offer) {
  const hasResources = offer.resources.length + offer.resourceTemplates.length > 0
  return {
    logging: {},
    completions: {},
    ...(offer.tools.length > 0 && { tools: { listChanged: true } }),
    ...(offer.prompts.length > 0 && { prompts: { listChanged: true } }),
    ...(hasResources && { resources: { listChanged: true, subscribe: true } }),
  }
}

/** Who the server is, as `initialize` and `server/discover` tell. */
export function asImplementation({ identity }: Offer) {
  const { name, title, version, icon } = identity
  return { name, title, version, ...(icon !== undefined && { icons: [{ ...icon }] }) }
}
