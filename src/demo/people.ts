/** A person or bot user of the demo workspace. Nobody changes after the start. */
export interface Person {
  readonly id: string
  /** The handle, without `@`. */
  readonly name: string
  readonly realName: string
  readonly title: string
  readonly email: string
  readonly color: string
  readonly timezone: Timezone
  readonly status: { readonly text: string; readonly emoji: string }
  readonly isAdmin: boolean
  readonly isOwner: boolean
  readonly isGuest: boolean
  readonly isDeleted: boolean
  /** The bot that acts as this user; undefined for people. */
  readonly bot: { readonly id: string; readonly appId: string } | undefined
}

export interface Timezone {
  readonly name: string
  readonly label: string
  readonly offsetSeconds: number
}

export interface PeopleOptions {
  readonly seeds: readonly Person[]
  /** How many made-up people stand behind the seeds. They are computed when asked for and kept nowhere. */
  readonly extraCount: number
  readonly emailDomain: string
}

/** Everybody in the workspace, in a fixed order: the seeds, then the made-up ones. */
export class People {
  readonly #options: PeopleOptions
  readonly #indexById: ReadonlyMap<string, number>

  constructor(options: PeopleOptions) {
    this.#options = options
    this.#indexById = new Map(options.seeds.map(({ id }, index) => [id, index]))
  }

  get count(): number {
    return this.#options.seeds.length + this.#options.extraCount
  }

  at(index: number): Person | undefined {
    const { seeds, extraCount, emailDomain } = this.#options
    if (index < seeds.length) return seeds[index]
    const number = index - seeds.length
    return number < extraCount ? makeUpPerson(number, emailDomain) : undefined
  }

  /** The position of `id`; -1 where nobody has it. */
  indexOf(id: string): number {
    const seeded = this.#indexById.get(id)
    if (seeded !== undefined) return seeded
    const number = numberOf(id, /^U1([0-9A-Z]{8})$/)
    return number !== undefined && number < this.#options.extraCount
      ? this.#options.seeds.length + number
      : -1
  }

  byId(id: string): Person | undefined {
    const index = this.indexOf(id)
    return index === -1 ? undefined : this.at(index)
  }

  byName(name: string): Person | undefined {
    const seeded = this.#options.seeds.find((person) => person.name === name)
    if (seeded !== undefined) return seeded
    const digits = /^person(\d{6})$/.exec(name)?.[1]
    return digits === undefined ? undefined : this.at(this.#options.seeds.length + Number(digits))
  }

  /** The bot user behind a bot id; only seeds are bots. */
  byBotId(botId: string): Person | undefined {
    return this.#options.seeds.find((person) => person.bot?.id === botId)
  }

  /** Bots and people who left have no address to be found by. */
  byEmail(email: string): Person | undefined {
    const [name = '', domain] = email.toLowerCase().split('@')
    if (domain !== this.#options.emailDomain) return undefined
    const person = this.#options.seeds.find((seed) => seed.email === email.toLowerCase()) ?? this.byName(name)
    return person?.isDeleted === true || person?.bot !== undefined ? undefined : person
  }
}

/** The number in a made-up id: base 36, so that ids of one kind have one length. */
export function numberOf(id: string, pattern: RegExp): number | undefined {
  const digits = pattern.exec(id)?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits, 36)
}

/** The digits of a made-up id. */
export function asIdDigits(number: number): string {
  return number.toString(36).toUpperCase().padStart(8, '0')
}

const firstNames = [
  'Aiko',
  'Bruno',
  'Chidi',
  'Dalia',
  'Elif',
  'Freja',
  'Gwen',
  'Hugo',
  'Ines',
  'Jonas',
  'Kofi',
]
const lastNames = ['Adeyemi', 'Berg', 'Costa', 'Dubois', 'Eriksen', 'Fofana', 'Gallo', 'Haddad', 'Ito']

function makeUpPerson(number: number, emailDomain: string): Person {
  const name = `person${String(number).padStart(6, '0')}`
  const firstName = firstNames[number % firstNames.length]
  const lastName = lastNames[Math.floor(number / firstNames.length) % lastNames.length]
  return {
    id: `U1${asIdDigits(number)}`,
    name,
    realName: `${firstName} ${lastName} ${number}`,
    title: '',
    email: `${name}@${emailDomain}`,
    color: '9f69e7',
    timezone: { name: 'Etc/UTC', label: 'Coordinated Universal Time', offsetSeconds: 0 },
    status: { text: '', emoji: '' },
    isAdmin: false,
    isOwner: false,
    isGuest: false,
    isDeleted: number % 50 === 49,
    bot: undefined,
  }
}
