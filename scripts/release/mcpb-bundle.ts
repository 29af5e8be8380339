import { optionOf } from '../../src/config/option-names.ts'
import { type PackedFile, packZip, textFile } from './packing.ts'
import type { Project } from './project.ts'
import { binaryName, type Target } from './target-table.ts'

/** What the person who installs the bundle is asked, in the order of the form. The texts are those of the option table. */
const asked = {
  slack_bot_token: { key: 'slackBotToken', title: 'Slack bot token', type: 'string', required: true },
  read_only: { key: 'mcpReadOnly', title: 'Read only', type: 'boolean', required: false, default: true },
  toolsets: { key: 'mcpToolsets', title: 'Toolsets', type: 'string', required: false, default: 'default' },
} as const

/**
 * The manifest of a bundle, version 0.3 of the format. Whoever clicks a bundle is no operator: unlike the server itself it begins read-only.
 */
export function renderMcpbManifest(project: Project, target: Target) {
  const { name, version, description, author, license, repository } = project
  const entry = `server/${binaryName(target)}`
  const questions = Object.entries(asked).map(([id, { key, ...question }]) => ({
    id,
    question,
    option: optionOf(key),
  }))
  return {
    manifest_version: '0.3',
    name,
    display_name: 'Slack (your own app)',
    version,
    description,
    author: { name: author },
    license,
    ...(repository === undefined ? {} : { repository: { type: 'git', url: repository.url } }),
    server: {
      type: 'binary',
      entry_point: entry,
      mcp_config: {
        command: `\${__dirname}/${entry}`,
        args: ['stdio'],
        // What stays unanswered arrives as this text, which the configuration takes for unset.
        env: Object.fromEntries(questions.map(({ id, option }) => [option.env, `\${user_config.${id}}`])),
      },
    },
    tools_generated: true,
    prompts_generated: true,
    // The format knows no processors: each bundle is named by its own.
    compatibility: { platforms: [target.os] },
    user_config: Object.fromEntries(
      questions.map(({ id, question, option: { row } }) => [
        id,
        {
          ...question,
          description: [row.description, row.hint].filter((text) => text !== undefined).join(' '),
          ...(row.secret === true ? { sensitive: true } : {}),
        },
      ]),
    ),
  }
}

/** A bundle that a desktop client installs by a click. */
export function packMcpb(
  project: Project,
  target: Target,
  binary: Uint8Array,
  licences: readonly PackedFile[],
  modifiedAtMs: number,
): Uint8Array {
  const manifest = `${JSON.stringify(renderMcpbManifest(project, target), undefined, 2)}\n`
  return packZip(
    [
      textFile('manifest.json', manifest),
      { path: `server/${binaryName(target)}`, bytes: binary, mode: 0o755 },
      ...licences,
    ],
    modifiedAtMs,
  )
}
