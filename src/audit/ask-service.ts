import type { Ask } from './ask.js';

/** A service as the command line asks it. */
interface Service {
  request(request: {
    readonly method: 'GET';
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly idempotent: true;
  }): Promise<
    | { readonly ok: true; readonly bytes: Buffer }
    | { readonly ok: false; readonly status: number; readonly problem: { readonly title: string } }
  >;
}

/** Asks over HTTP. What is refused was not found out: only that there is nothing is an answer. */
export function askService(service: Service): Ask {
  return async (path, accept = 'application/json') => {
    const answer = await service.request({ method: 'GET', path, headers: { accept }, idempotent: true });
    if (answer.ok) return answer.bytes;
    if (answer.status === 404) return null;
    throw new Error(`${path} was answered with ${answer.status} ${answer.problem.title}`);
  };
}
