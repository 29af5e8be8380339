import { type Conversation, ListedMembers, Timeline } from './conversation.ts'
import { asIdDigits, numberOf, type People } from './people.ts'

export interface ConversationsOptions {
  readonly seeds: readonly Conversation[]
  /** How many made-up public channels stand behind the seeds. Each is built when it is first asked for. */
  readonly extraCount: number
  readonly people: People
  readonly createdAtSeconds: number
}

/** How many direct messages and channels may be opened beside those of the start; far more than a demo or a test opens. */
const openedMax = 1_000

/** All channels and direct messages, in a fixed order: the seeds, the made-up ones, then what was opened later. */
export class Conversations {
  readonly #options: ConversationsOptions
  readonly #seedIndexById: ReadonlyMap<string, number>
  readonly #extras = new Map<number, Conversation>()
  readonly #opened: Conversation[] = []

  constructor(options: ConversationsOptions) {
    this.#options = options
    this.#seedIndexById = new Map(options.seeds.map(({ id }, index) => [id, index]))
  }

  get count(): number {
    return this.#options.seeds.length + this.#options.extraCount + this.#opened.length
  }

  at(index: number): Conversation | undefined {
    const { seeds, extraCount } = this.#options
    if (index < seeds.length) return seeds[index]
    const number = index - seeds.length
    return number < extraCount ? this.#extra(number) : this.#opened[number - extraCount]
  }

  /** The position of `id`; -1 where no conversation has it. */
  indexOf(id: string): number {
    const { seeds, extraCount } = this.#options
    const seeded = this.#seedIndexById.get(id)
    if (seeded !== undefined) return seeded
    const number = numberOf(id, /^C1([0-9A-Z]{8})$/)
    if (number !== undefined) return number < extraCount ? seeds.length + number : -1
    const opened = this.#opened.findIndex((conversation) => conversation.id === id)
    return opened === -1 ? -1 : seeds.length + extraCount + opened
  }

  byId(id: string): Conversation | undefined {
    const index = this.indexOf(id)
    return index === -1 ? undefined : this.at(index)
  }

  /** A channel by its name, without `#`. */
  byName(name: string): Conversation | undefined {
    const named = [...this.#options.seeds, ...this.#opened].find(
      (conversation) => conversation.name === name && name !== '',
    )
    if (named !== undefined) return named
    const digits = /^channel-(\d{6})$/.exec(name)?.[1]
    return digits !== undefined && Number(digits) < this.#options.extraCount
      ? this.#extra(Number(digits))
      : undefined
  }

  /** The direct message with exactly these members. */
  directWith(userIds: readonly string[]): Conversation | undefined {
    const direct = [...this.#options.seeds, ...this.#opened].filter(
      ({ kind }) => kind === 'im' || kind === 'mpim',
    )
    return direct.find(
      ({ members }) => members.count === userIds.length && userIds.every((id) => members.has(id)),
    )
  }

  /** Whether nothing more can be opened. */
  get isFull(): boolean {
    return this.#opened.length >= openedMax
  }

  /** Throws RangeError where more were opened than a workspace of this kind holds. */
  open(conversation: Conversation): void {
    if (this.isFull) throw new RangeError('Too many conversations were opened')
    this.#opened.push(conversation)
  }

  /** What has been looked at and may hold messages, in order. */
  *known(): IterableIterator<Conversation> {
    yield* this.#options.seeds
    yield* this.#extras.values()
    yield* this.#opened
  }

  #extra(number: number): Conversation {
    const known = this.#extras.get(number)
    if (known !== undefined) return known
    const made = this.#makeUp(number)
    this.#extras.set(number, made)
    return made
  }

  #makeUp(number: number): Conversation {
    const { people, createdAtSeconds } = this.#options
    const memberCount = 3 + (number % 20)
    const memberIds = Array.from({ length: memberCount }, (_, index) => {
      const person = people.at((number + index * 7) % people.count)
      return person?.bot === undefined ? (person?.id ?? []) : []
    })
    const members = new ListedMembers([...new Set(memberIds.flat())])
    return {
      id: `C1${asIdDigits(number)}`,
      kind: 'public',
      name: `channel-${String(number).padStart(6, '0')}`,
      isArchived: number % 25 === 24,
      isGeneral: false,
      creatorId: members.at(0) ?? '',
      createdAtSeconds: createdAtSeconds + number,
      topic: '',
      purpose: `Made-up channel number ${number}`,
      members,
      timeline: new Timeline(),
      pins: [],
      lastReadBy: new Map(),
      bookmarks: [],
    }
  }
}
