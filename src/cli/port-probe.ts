import { systemCode } from './system-reason.ts'

/** What came of listening on a port for a moment: `free`, or the system's code. Port 0 is always free. */
export async function probePort(hostname: string, port: number): Promise<string> {
  try {
    const server = Bun.serve({ hostname, port, reusePort: false, fetch: () => new Response() })
    await server.stop(true)
    return 'free'
  } catch (error) {
    return systemCode(error) ?? 'unknown'
  }
}
