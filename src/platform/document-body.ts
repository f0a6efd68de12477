import { RouteConfig } from '@nestjs/platform-fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route reads the document in its body itself, JSON or YAML, from the bytes as received. */
    document?: boolean;
  }
}

/** `request.body` of this route is a Buffer; every other route is given the value of its JSON and takes nothing else. */
export const TakesDocument = (): MethodDecorator & ClassDecorator => RouteConfig({ document: true });
