import type { FastifyInstance, RouteOptions } from 'fastify'

/**
 * Serves each route of the scope also at its path with one slash doubled, one added at the end, or both.
 *
 * People write the base URL of a client with a slash at its end. How a host app's router treats slashes is its own
 * decision.
 */
export function allowExtraSlashes (scope: FastifyInstance): void {
  scope.addHook('onRoute', function (route) {
    if (route.routePath === '' || extraSlash.test(route.routePath)) return
    // A prefix with a doubled slash needs no second one.
    const urls = this.prefix.includes('//') ? [`${route.routePath}/`] : spellingsOf(route.routePath)
    const schema = { ...route.schema, response: undefined, hide: true }
    for (const url of urls) addRoute(this, { ...route, url, schema })
  })
}

/** Adds a route, unless it exists: routes that hooks add run the hooks, too. */
export function addRoute (scope: FastifyInstance, route: RouteOptions): void {
  const methods = [route.method].flat()
  if (methods.some((method) => scope.hasRoute({ method, url: `${scope.prefix}${route.url}` }))) return
  scope.route(route)
}

const extraSlash = /\/\/|.\/$/

function spellingsOf (path: string): string[] {
  if (path === '/') return ['//']
  const slashes = Array.from(path.matchAll(/\//g), ({ index }) => index)
  const doubled = slashes.map((index) => `${path.slice(0, index)}/${path.slice(index)}`)
  return [...doubled, `${path}/`, `/${path}/`]
}
