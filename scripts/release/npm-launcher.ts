#!/usr/bin/env node
// What the npm package runs: it starts the binary of this machine and ends as that ends.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { platformPackage } from './npm-platform.ts'

const program = 'slack-integrated-server'
/** EX_UNAVAILABLE, as the binary itself exits where something it needs is missing. */
const unavailable = 69

function glibcVersion(): string | undefined {
  // The report would otherwise look up the names of every address of this machine.
  Object.assign(process.report, { excludeNetwork: true })
  const report = process.report.getReport() as { readonly header?: { readonly glibcVersionRuntime?: string } }
  return report.header?.glibcVersionRuntime
}

function findBinary(): string | undefined {
  const name = platformPackage(program, {
    platform: process.platform,
    arch: process.arch,
    glibcVersion: process.platform === 'linux' ? glibcVersion() : undefined,
  })
  const file = process.platform === 'win32' ? `${program}.exe` : program
  try {
    return createRequire(import.meta.url).resolve(`${name}/bin/${file}`)
  } catch {
    process.stderr.write(
      `${program}: the package ${name} is not installed. Install without --omit=optional; if npm finds no such package, there is no binary for this machine.\n`,
    )
    process.exitCode = unavailable
    return undefined
  }
}

function run(binary: string): void {
  const child = spawn(binary, process.argv.slice(2), { stdio: 'inherit', windowsHide: true })
  // A terminal sends Ctrl-C to both; a second one from here would cut the drain short.
  process.on('SIGINT', () => undefined)
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`${program}: ${binary} cannot be run: ${error.message}\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

const binary = findBinary()
if (binary !== undefined) run(binary)
