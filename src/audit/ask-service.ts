import { Gone, type Ask } from './ask.js';

/** A service as the command line asks it. */
interface Service {
  request(request: {
    readonly method: 'GET';
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly idempotent: true;
    readonly most: number;
  }): Promise<
    | { readonly ok: true; readonly headers: Headers; readonly bytes: Buffer }
    | { readonly ok: false; readonly status: number; readonly problem: { readonly title: string } }
  >;
}

/** Asks over HTTP. What is refused was not found out: only that there is nothing is an answer. */
export function askService(service: Service): Ask {
  return async (path, { type, most }) => {
    const headers = { accept: type ?? '*/*' };
    const answer = await service.request({ method: 'GET', path, headers, idempotent: true, most });
    if (!answer.ok) {
      if (answer.status === 404) return null;
      const detail = `${path} was answered with ${answer.status} ${answer.problem.title}`;
      throw answer.status === 410 ? new Gone(detail) : new Error(detail);
    }
    const given = answer.headers.get('content-type') ?? '';
    const [found = ''] = given.toLowerCase().split(';');
    if (type !== null && found.trim() !== type) {
      throw new Error(`${path} was answered as ${given === '' ? 'nothing in particular' : given}, and not as ${type}`);
    }
    return answer.bytes;
  };
}
