/** Text in which `<token>` is not taken for HTML. */
export function prose(text: string): string {
  return text.replaceAll('<', '&lt;')
}

/** A table cell: `|` would end it, and a line break would end the table. */
export function cell(text: string): string {
  return prose(text).replaceAll('|', '\\|').replaceAll('\n', ' ')
}

export function code(text: string | undefined): string {
  return text === undefined || text === '' ? '' : `\`${text.replaceAll('|', '\\|')}\``
}

/** A table with a header; no line feed at the end. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Paragraphs with an empty line between them; ends with a line feed. */
export function page(paragraphs: readonly string[]): string {
  return `${paragraphs.join('\n\n')}\n`
}

/** Says where a page comes from, so that nobody edits it by hand. */
export function madeFrom(path: string): string {
  return `<!-- Made from ${path} by "bun run generate". Edit that, not this. -->`
}
