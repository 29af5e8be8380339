import { cpus, release, totalmem } from 'node:os'
import packageJson from '../../package.json'
import { loadGenerator } from './load/generate-load.ts'
import peers from './peers/package.json'
import type { Machine } from './report.ts'

/** What a report must say about where it was measured. */
export function describeMachine(): Machine {
  const [processor] = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: said(['git', 'rev-parse', '--short=12', 'HEAD']),
    processor: processor?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 1024 ** 3),
    kernel: `Linux ${release()}`,
    versions: {
      'slack-integrated-server': packageJson.version,
      Bun: Bun.version,
      '@modelcontextprotocol/sdk': packageJson.dependencies['@modelcontextprotocol/sdk'],
      '@modelcontextprotocol/server': packageJson.dependencies['@modelcontextprotocol/server'],
      Node: said(['node', '--version']).replace('v', ''),
      [loadGenerator()]: generatorVersion(),
      Redis: /v=(\S+)/.exec(said(['redis-server', '--version']))?.[1] ?? 'none',
      ...peers.dependencies,
    },
  }
}

function generatorVersion(): string {
  return /wrk (\S+)/.exec(said(['wrk', '--version']))?.[1] ?? peers.dependencies.autocannon
}

/** What a program says of itself, on either stream; nothing where it is not there. */
function said(command: readonly [string, ...string[]]): string {
  if (Bun.which(command[0]) === null) return 'none'
  const { stdout, stderr } = Bun.spawnSync([...command], { stderr: 'pipe' })
  return `${stdout}${stderr}`.trim()
}
