import type { TerminalStyle } from './terminal-style.ts'

/** How wide help may be, and how its headings stand out. */
export interface HelpStyle extends Pick<TerminalStyle, 'bold'> {
  readonly columns: number
}

export interface HelpEntry {
  readonly term: string
  readonly says: string
}

/** Wide enough for a flag with its value; longer terms get a line of their own. */
const termColumnsMax = 34
const columnsMin = 60

/** A heading and its entries in two columns; empty without entries. */
export function renderSection(heading: string, entries: readonly HelpEntry[], style: HelpStyle): string {
  if (entries.length === 0) return ''
  const width = Math.min(termColumnsMax, Math.max(...entries.map(({ term }) => term.length)))
  const lines = entries.map((entry) => renderEntry(entry, width, style))
  return [style.bold(heading), ...lines].join('\n')
}

/** Examples are pasted: a line each, so that nothing has to be cut off its end. */
export function renderExamples(entries: readonly HelpEntry[], style: HelpStyle): string {
  const lines = entries.map(({ term, says }) => `  # ${says}\n  ${term}`)
  return [style.bold('Examples'), ...lines].join('\n')
}

/** Sections with an empty line between them; ends with a line feed. */
export function joinSections(sections: readonly string[]): string {
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

/** Words on lines of at most `columns`, each beginning with `indent`. A word longer than a line stands alone. */
export function wrap(text: string, columns: number, indent: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && indent.length + longer.length > Math.max(columns, columnsMin)) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line].map((text) => indent + text).join('\n')
}

function renderEntry({ term, says }: HelpEntry, width: number, { columns }: HelpStyle): string {
  const indent = ' '.repeat(width + 4)
  const text = wrap(says, columns, indent)
  if (term.length > width) return `  ${term}\n${text}`
  return `  ${term.padEnd(width)}  ${text.trimStart()}`
}
