import type { Deployment } from '../deploy/deployment.ts'
import type { TemplateName } from '../deploy/template-names.ts'
import { templateTable } from '../deploy/template-table.ts'
import { type CliContext, type ParsedFlags, programName } from './cli-context.ts'
import { requireConfig } from './command-config.ts'
import { exitCodes } from './exit-codes.ts'
import { UsageError } from './usage-error.ts'

/** Prints one deployment file. Reads no configuration of this machine: the file is for another one. */
export async function runGenerate(context: CliContext, flags: ParsedFlags): Promise<number> {
  // The command line took no other word.
  const render = templateTable[flags.arguments[0] as TemplateName]
  const elsewhere = { ...context, env: {}, readFile: () => ({ kind: 'missing' }) as const }
  const { publicUrl } = requireConfig(elsewhere, flags, { purpose: 'print' }).config
  if (publicUrl !== undefined) requireOrigin(publicUrl)
  const deployment: Deployment = { program: programName, image: imageOf(context, flags), publicUrl }
  context.stdout.write(render(deployment))
  return exitCodes.done
}

/** Slack delivers to HTTPS alone, and no file of ours tells a proxy to take a path away. */
function requireOrigin(publicUrl: string): void {
  if (new URL(publicUrl).protocol !== 'https:' || new URL(publicUrl).pathname !== '/') {
    throw new UsageError('--public-url is to be https:// and a host, as in https://slack.example.com')
  }
}

/** Letters, digits and what stands in references: nothing that ends a line or a string of the file. */
const imageReference = /^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/

function imageOf({ build }: CliContext, { own }: ParsedFlags): string {
  const image = own['image']
  if (image === undefined) return `registry.example.com/${programName}:${build.version}`
  if (typeof image === 'string' && imageReference.test(image)) return image
  throw new UsageError('--image is to be a reference such as registry.example.com/name:1.0')
}
