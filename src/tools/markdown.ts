import { lexer, type MarkedToken, type Token, type Tokens } from 'marked'
import { escapeText } from '../slack/text.ts'
import { escapeOutgoing, splitText } from './outgoing-text.ts'

/**
 * Standard markdown on its way to Slack. A message carries it as a markdown block, which Slack renders; the notification and everything that
 * takes no block get Slack's own mrkdwn, rendered here.
 */

/** `markdown` in pieces of at most `charactersMax`, cut between blocks; a block that is too long by itself is cut at a line. */
export function splitMarkdown(markdown: string, charactersMax: number): readonly string[] {
  const pieces: string[] = []
  let piece = ''
  for (const { raw } of lexer(markdown)) {
    if (piece.length + raw.length <= charactersMax) {
      piece += raw
      continue
    }
    if (piece.trim() !== '') pieces.push(piece.trim())
    const [last = '', ...before] = [...splitText(raw, charactersMax)].reverse()
    pieces.push(...before.reverse())
    piece = last
  }
  return piece.trim() === '' ? pieces : [...pieces, piece.trim()]
}

/** The addresses of images in `markdown`, in order. */
export function imagesIn(markdown: string): readonly string[] {
  const found: string[] = []
  const visit = (tokens: readonly Token[]) => {
    for (const token of tokens) {
      if (token.type === 'image') found.push(String(token['href']))
      for (const children of childrenOf(token)) visit(children)
    }
  }
  visit(lexer(markdown))
  return found
}

function childrenOf(token: Token): readonly (readonly Token[])[] {
  if (isTable(token)) return [...token.header, ...token.rows.flat()].map((cell) => cell.tokens)
  if (isList(token)) return token.items.map((item) => item.tokens)
  return 'tokens' in token && token.tokens !== undefined ? [token.tokens] : []
}

function isTable(token: Token): token is Tokens.Table {
  return token.type === 'table'
}

function isList(token: Token): token is Tokens.List {
  return token.type === 'list'
}

/** `markdown` as Slack's mrkdwn, escaped: bold, italics, strikes, links, lists, quotes, code; tables as aligned code. */
export function renderAsMrkdwn(markdown: string): string {
  return renderBlocks(lexer(markdown), 0)
}

function renderBlocks(tokens: readonly Token[], depth: number): string {
  return tokens
    .map((token) => renderBlock(token as MarkedToken, depth))
    .filter((text) => text !== '')
    .join('\n')
}

function renderBlock(token: MarkedToken, depth: number): string {
  switch (token.type) {
    case 'space':
    case 'def':
      return ''
    case 'heading':
      return bold(renderInlines(token.tokens, true))
    case 'code':
      return `\`\`\`\n${escapeText(token.text)}\n\`\`\``
    case 'blockquote':
      return renderBlocks(token.tokens, depth).replace(/^/gm, '> ')
    case 'hr':
      return '———'
    case 'list':
      return renderList(token, depth)
    case 'table':
      return renderTable(token)
    case 'html':
      return escapeText(token.text.trim())
    case 'paragraph':
      return renderInlines(token.tokens)
    case 'text':
      return token.tokens === undefined ? escapeOutgoing(decode(token.text)) : renderInlines(token.tokens)
    default:
      return renderInline(token, false)
  }
}

function renderList(list: Tokens.List, depth: number): string {
  const indent = '    '.repeat(depth)
  const first = typeof list.start === 'number' ? list.start : 1
  const items = list.items.map((item, index) => {
    const mark = list.ordered ? `${first + index}.` : '•'
    const blocks = item.tokens.filter((token) => token.type !== 'checkbox')
    const box = item.task ? (item.checked === true ? '☑ ' : '☐ ') : ''
    return `${indent}${mark} ${box}${renderBlocks(blocks, depth + 1)}`
  })
  return items.join('\n')
}

function renderTable(table: Tokens.Table): string {
  const rows = [table.header, ...table.rows].map((row) => row.map((cell) => plainText(cell.tokens)))
  const widths = table.header.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(' | ')
      .trimEnd(),
  )
  const [head = '', ...body] = lines
  const rule = widths.map((width) => '-'.repeat(width)).join('-+-')
  return `\`\`\`\n${escapeText([head, rule, ...body].join('\n'))}\n\`\`\``
}

function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      const [children] = childrenOf(token)
      return children === undefined ? decode(String((token as Tokens.Text).text ?? '')) : plainText(children)
    })
    .join('')
}

function renderInlines(tokens: readonly Token[], isBold = false): string {
  let rendered = ''
  for (const [index, token] of tokens.entries()) {
    const isInsideWord = isWord(rendered.at(-1)) || isWord(tokens[index + 1]?.raw[0])
    rendered +=
      isInsideWord && isStyled(token)
        ? renderInlines(token.tokens, isBold)
        : renderInline(token as MarkedToken, isBold)
  }
  return rendered
}

/** Slack shows its marks as they are where they touch a letter: half a word in bold is then better plain. */
function isStyled(token: Token): token is Tokens.Strong | Tokens.Em | Tokens.Del {
  return token.type === 'strong' || token.type === 'em' || token.type === 'del'
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character)
}

function renderInline(token: MarkedToken, isBold: boolean): string {
  switch (token.type) {
    case 'strong':
      return isBold ? renderInlines(token.tokens, true) : bold(renderInlines(token.tokens, true))
    case 'em':
      return `_${renderInlines(token.tokens, isBold)}_`
    case 'del':
      return `~${renderInlines(token.tokens, isBold)}~`
    case 'codespan':
      return `\`${escapeText(token.text)}\``
    case 'br':
      return '\n'
    case 'link':
      return renderLink(token.href, plainText(token.tokens))
    case 'image':
      return renderLink(token.href, plainText(token.tokens) || 'image')
    case 'html':
      return escapeOutgoing(token.text)
    case 'escape':
    case 'text':
      return 'tokens' in token && token.tokens !== undefined
        ? renderInlines(token.tokens, isBold)
        : escapeOutgoing(decode(token.text))
    default:
      return escapeText(token.raw)
  }
}

function bold(text: string): string {
  return text === '' ? '' : `*${text}*`
}

/** Only addresses that a person can follow become links. */
function renderLink(href: string, label: string): string {
  const isSafe = /^(https?:\/\/|mailto:)[^<>|\s]+$/.test(href)
  if (!isSafe) return escapeText(label === href ? label : `${label} (${href})`)
  const shown = escapeText(label).replace(/\|/g, '¦')
  return shown === escapeText(href) ? `<${escapeText(href)}>` : `<${escapeText(href)}|${shown}>`
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
}

/** The entities of markdown that people use; marked leaves them to its HTML renderer. */
function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,6})|#x([0-9a-f]{1,5})|(\w{2,6}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[String(name).toLowerCase()] ?? whole
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
