import { createEventBus } from '../../src/base/event-bus.ts'
import type { ChangeNotice } from '../../src/mcp/registry.ts'
import { type McpHarness, startMcp } from '../support/mcp-harness.ts'
import { createFixtureOffer } from './fixture-offer.ts'

/** The fixture behind the product's plugin on a free port; open, because the suite cannot send credentials. */
export function startConformanceServer(): McpHarness {
  const changes = createEventBus<ChangeNotice>(() => undefined)
  return startMcp({
    offer: createFixtureOffer((notice) => changes.publish(notice)),
    changes,
    isOpenOnLoopback: true,
  })
}
