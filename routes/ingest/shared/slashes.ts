import type { FastifyInstance, RouteOptions } from 'fastify'

/**
 * Serves each route of the scope at its path with a slash too many as well: one that is doubled, one at the end, or both.
 * People write the base URL of a client with a slash at its end. How a host app's router treats slashes is the host's.
 */
export function allowExtraSlashes (scope: FastifyInstance): void {
  scope.addHook('onRoute', function (route) {
    if (route.routePath === '' || extraSlash.test(route.routePath)) return
    // One slash too many in the prefix is enough.
    for (const url of this.prefix.includes('//') ? [`${route.routePath}/`] : spellingsOf(route.routePath)) addRoute(this, { ...route, url, schema: { ...route.schema, response: undefined, hide: true } })
  })
}

/** Adds a route, unless one is there: routes that hooks add come through the hooks themselves. */
export function addRoute (scope: FastifyInstance, route: RouteOptions): void {
  const methods = [route.method].flat()
  if (methods.some((method) => scope.hasRoute({ method, url: `${scope.prefix}${route.url}` }))) return
  scope.route(route)
}

const extraSlash = /\/\/|.\/$/

function spellingsOf (path: string): string[] {
  if (path === '/') return ['//']
  const doubled = Array.from(path.matchAll(/\//g), ({ index }) => `${path.slice(0, index)}/${path.slice(index)}`)
  return [...doubled, `${path}/`, `/${path}/`]
}
