import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { NotAllowed, Unauthorized } from '../errors.ts'
import type { Actor, Caller, Scope, UserCaller } from '../model/caller.ts'

type FindCaller = (request: FastifyRequest, scope: Scope) => Promise<Caller | undefined>

/** Interval between two checks of the right to an open response, in ms: it ends within a second. */
const rightCheckMs = 700

/** Authenticates the requests of every route that has a scope as its `config.logAccess`, before anything else. */
export function guardRoutes (app: FastifyInstance, findCaller: FindCaller): void {
  const guards = new WeakSet<object>()
  app.addHook('onRoute', (route) => {
    const access = route.config?.logAccess
    if (access === undefined || access === 'public' || access === 'contract') return
    const hooks = [route.onRequest ?? []].flat()
    // A route that is registered a second time, at another path, has its guard.
    if (hooks.some((hook) => guards.has(hook))) return
    const guard = access === 'admin' ? guardOf('account', findCaller, true) : guardOf(access, findCaller)
    guards.add(guard)
    route.onRequest = [guard, ...hooks]
  })
}

function guardOf (scope: Scope, findCaller: FindCaller, isForAdministrators = false) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const caller = await findCaller(request, scope)
    if (!caller) {
      reply.header('www-authenticate', challengesFor(request))
      throw new Unauthorized()
    }
    if (!caller.scopes.has(scope)) throw new NotAllowed(explainMissing(scope, caller))
    if (isForAdministrators && !caller.admin) throw new NotAllowed('only administrators may do this')
    request.logCaller = caller
  }
}

/** Requests of a page's own scripts must not make the browser ask for a password. */
function challengesFor ({ headers: { 'sec-fetch-mode': mode = '' } }: FastifyRequest): string | string[] {
  const mayAsk = mode === '' || mode === 'navigate'
  return mayAsk ? ['Bearer', 'Basic realm="LoggerBot", charset="UTF-8"'] : 'Bearer'
}

function explainMissing (scope: Scope, { kind }: Caller): string {
  if (scope === 'write' && kind === 'key') return 'logs belong to a user: this needs a credential of one'
  return scope === 'account' ? 'this needs a user and password, or a session' : `this needs a token with scope ${scope}`
}

/** The caller as a user. Throws NotAllowed for the API key, which has no logs and no tokens. */
export function requireUser (caller: Caller): UserCaller {
  if (caller.kind === 'key') throw new NotAllowed('this needs a credential of a user, not the API key')
  return caller
}

/** The caller as the audit names them. */
export function actorOf ({ logCaller: { name }, ip }: FastifyRequest): Actor {
  return { name, address: ip }
}

/** Signal that aborts with Unauthorized once `isAllowed` resolves to false; it is asked while the response is open. */
export function untilRightEnds (reply: FastifyReply, isAllowed: () => Promise<boolean>): AbortSignal {
  const ended = new AbortController()
  let timer = schedule()
  reply.raw.once('close', () => clearTimeout(timer))
  return ended.signal

  function schedule (): NodeJS.Timeout {
    return setTimeout(() => { check().catch((error) => ended.abort(error)) }, rightCheckMs)
  }

  async function check (): Promise<void> {
    if (!await isAllowed()) ended.abort(new Unauthorized())
    else if (!reply.raw.closed) timer = schedule()
  }
}
