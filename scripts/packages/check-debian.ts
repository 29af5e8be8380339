import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expectSame } from '../expect-same.ts'
import type { CheckedRelease } from './checked-release.ts'
import { runTool } from './run-tool.ts'

const name = 'slack-integrated-server'
const program = `/usr/bin/${name}`
const unit = `/usr/lib/systemd/system/${name}.service`
/** Where each shell looks for what packages bring. */
const completions = {
  bash: `/usr/share/bash-completion/completions/${name}`,
  fish: `/usr/share/fish/vendor_completions.d/${name}.fish`,
  zsh: `/usr/share/zsh/vendor-completions/_${name}`,
} as const
const credentials = `/etc/${name}/credentials`

/** Why the package is not installed on this machine; undefined where it can be. */
export function whyNoDebian(): string | undefined {
  if (Bun.which('dpkg') === null) return 'there is no dpkg'
  if (process.getuid?.() !== 0) return 'it takes root'
  if (existsSync(program)) return `${program} is somebody's already`
  return undefined
}

/** dpkg installs the package on this very machine, removes and purges it, and nothing stays. */
export function checkDebian({ folder, version }: CheckedRelease): void {
  const file = readdirSync(folder).find((entry) => entry.endsWith('.deb'))
  if (file === undefined) throw new Error('There is no .deb in the release')
  try {
    runTool(['dpkg', '--install', join(folder, file)])
    expectSame(`what ${program} says`, runTool([program, 'version']), version)
    expectSame('the unit', readFileSync(unit, 'utf8'), runTool([program, 'generate', 'systemd']))
    for (const [shell, path] of Object.entries(completions)) {
      const printed = runTool([program, 'generate', 'completions', shell])
      expectSame(`the completions of ${shell}`, readFileSync(path, 'utf8'), printed)
    }
    expectSame('who may read the credentials', statSync(credentials).mode & 0o777, 0o700)
    expectSame('what dpkg finds changed', runTool(['dpkg', '--verify', name]), '')
    runTool(['dpkg', '--remove', name])
    expectSame('whether the program is gone', existsSync(program), false)
    expectSame('what is left', [unit, ...Object.values(completions)].filter(existsSync), [])
  } finally {
    runTool(['dpkg', '--purge', name])
  }
  expectSame('whether /etc is as before', existsSync(`/etc/${name}`), false)
}
