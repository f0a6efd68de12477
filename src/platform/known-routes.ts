import type { FastifyInstance } from 'fastify';

/**
 * The routes of an application, as they are registered from now on, to tell a path that does not exist from one that does
 * not take the method. Answers the methods that a path takes, none where it does not exist.
 */
export function recordRoutes(fastify: FastifyInstance): (path: string) => readonly string[] {
  const routes: { readonly methods: readonly string[]; readonly pattern: RegExp }[] = [];
  fastify.addHook('onRoute', ({ method, url }) => {
    // What is served for every path says nothing about one.
    if (url === '*' || url === '/*') return;
    const pattern = url
      .split('/')
      .map((segment) => {
        if (segment === '*') return '.+';
        return segment.startsWith(':') ? '[^/]+' : segment.replaceAll(/[^\w-]/g, '\\$&');
      })
      .join('/');
    routes.push({ methods: [method].flat(), pattern: new RegExp(`^${pattern}$`) });
  });
  return (path) => {
    const methods = routes.filter(({ pattern }) => pattern.test(path)).flatMap((route) => route.methods);
    return [...new Set(methods)].sort();
  };
}
