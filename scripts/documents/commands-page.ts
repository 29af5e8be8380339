import { commandName } from '../../src/cli/command-row.ts'
import { commandTable } from '../../src/cli/command-table.ts'
import { exitCodes } from '../../src/cli/exit-codes.ts'
import { renderCommandHelp, renderProgramHelp } from '../../src/cli/help.ts'
import { madeFrom, page, table } from './markdown.ts'

const style = { columns: 100, bold: (text: string) => text }

const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  done: 'Done; also after SIGTERM, Ctrl-C or SIGHUP of `serve` and `demo`, when everything in flight was finished.',
  failed: 'Failed.',
  usage: 'Unknown command or flag.',
  unavailable: 'Something that the command needs does not answer.',
  refused: 'Slack refused the credentials.',
  config: 'Missing or invalid configuration: starting again does not help.',
  interrupted: 'Interrupted by Ctrl-C.',
}

/** docs/commands.md */
export function renderCommandsPage(): string {
  return page([
    madeFrom('src/cli/command-table.ts and src/config/option-table.ts'),
    '# Commands',
    fenced(renderProgramHelp(style)),
    '## Exit codes',
    table(
      ['Code', 'Meaning'],
      Object.entries(exitCodes).map(([name, exitCode]) => [
        String(exitCode),
        meanings[name as keyof typeof exitCodes],
      ]),
    ),
    ...commandTable.flatMap((row) => [`## ${commandName(row)}`, fenced(renderCommandHelp(row, style))]),
  ])
}

function fenced(text: string): string {
  return `\`\`\`text\n${text}\`\`\``
}
