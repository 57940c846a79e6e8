// A network of its own for each of several servers, which can be cut. Network namespaces of Linux: only root may make them.
//
// The processes in a namespace keep it, and its interfaces vanish with it: nothing is left when all of them have ended.
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { promisify } from 'node:util'
import { random } from './random.ts'
import { until } from './until.ts'

/** The programs are in a folder that only root has in its path. The mark of the test file is added later than this is loaded. */
const environment = (): NodeJS.ProcessEnv => ({ ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` })
const execute = promisify(execFile)

/** Why there can be no such network here, or false. */
export const networkMissing = findObstacle()

/** Ends what was started for it: a test, for example. */
export interface Owner {
  teardown (end: () => unknown): void
}

/** The number of this machine in the network; the servers are numbered from 1. */
const here = 254

/** Servers with a network of their own, all of which this machine can reach. */
export class Network {
  readonly #members: readonly Namespace[]
  readonly #subnet: string

  /** Creates a network for some servers, which ends with the test. */
  static async create (t: Owner, servers: number): Promise<Network> {
    const number = random(1, 250)
    // Reserved for tests of networks: no real address is hidden.
    const subnet = `198.18.${number}`
    const [middle, ...members] = await Promise.all(Array.from({ length: servers + 1 }, () => Namespace.create(t)))
    await middle!.ip('link add name middle type bridge')
    await middle!.ip('link set middle up')
    const outside = `loggerbot${number}`
    await ip(`link add name ${outside} type veth peer name outside netns ${middle!.pid}`)
    await ip(`address add ${subnet}.${here}/24 dev ${outside}`)
    await ip(`link set ${outside} up`)
    await middle!.ip('link set outside master middle up')
    for (const [index, member] of members.entries()) {
      await middle!.ip(`link add name server${index + 1} type veth peer name inside netns ${member.pid}`)
      await middle!.ip(`link set server${index + 1} master middle up`)
      await member.ip(`address add ${subnet}.${index + 1}/24 dev inside`)
      await member.ip('link set inside up')
      await member.ip('link set lo up')
    }
    return new Network(members, subnet)
  }

  private constructor (members: readonly Namespace[], subnet: string) {
    this.#members = members
    this.#subnet = subnet
  }

  /** Address of a server. */
  hostOf (server: number): string {
    return `${this.#subnet}.${server}`
  }

  /** The words before a command that runs it as this server. */
  prefixOf (server: number): string[] {
    return this.#members[server - 1]!.prefix
  }

  /** Discards all packets between a server and the other ones; and, if `isAlone`, those between it and this machine. */
  async cut (server: number, { isAlone = false } = {}): Promise<void> {
    for (const other of this.#others(server, isAlone)) await this.#route('replace', server, other)
  }

  /** Ends a cut. */
  async heal (server: number): Promise<void> {
    for (const other of this.#others(server, true)) await this.#route('delete', server, other).catch(() => {})
  }

  #others (server: number, isAlone: boolean): number[] {
    const others = this.#members.map((_, index) => index + 1).filter((other) => other !== server)
    return isAlone ? [...others, here] : others
  }

  #route (verb: string, server: number, other: number): Promise<unknown> {
    return this.#members[server - 1]!.ip(`route ${verb} blackhole ${this.hostOf(other)}`)
  }
}

/** A network namespace, kept by a process that does nothing else. */
class Namespace {
  readonly #keeper: ChildProcess

  static async create (t: Owner): Promise<Namespace> {
    const keeper = spawn('unshare', ['--net', 'sleep', 'infinity'], { env: environment(), stdio: 'ignore' })
    t.teardown(() => keeper.kill('SIGKILL'))
    const own = readlinkSync('/proc/self/ns/net')
    await until('a network namespace exists', () => readlinkSync(`/proc/${keeper.pid}/ns/net`) !== own)
    return new Namespace(keeper)
  }

  private constructor (keeper: ChildProcess) {
    this.#keeper = keeper
  }

  get pid (): number {
    return this.#keeper.pid!
  }

  get prefix (): string[] {
    return ['nsenter', `--net=/proc/${this.pid}/ns/net`]
  }

  async ip (command: string): Promise<void> {
    const [program, ...args] = this.prefix
    await execute(program!, [...args, 'ip', ...command.split(' ')], { env: environment() })
  }
}

async function ip (command: string): Promise<void> {
  await execute('ip', command.split(' '), { env: environment() })
}

function findObstacle (): string | false {
  try {
    // The interfaces vanish with the namespace.
    const commands = 'ip link add name b type bridge && ip link add name v type veth peer name w && ip route add blackhole 198.18.0.1'
    execFileSync('unshare', ['--net', 'sh', '-c', `ip link set lo up && ${commands}`], { env: environment(), stdio: 'pipe' })
    return false
  } catch (error) {
    return `networks cannot be cut here, which needs root and iproute2: ${String(error).split('\n')[1] ?? error}`
  }
}
