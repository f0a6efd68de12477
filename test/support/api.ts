import type { TestApp } from './test-app.js';

/** What a route answered, its body read: as a value where it is JSON, else as text. */
export type Answer = Awaited<ReturnType<typeof read>>;

type HeaderFields = Readonly<Record<string, string>>;
/** Bytes and text go out as they are, anything else as JSON. */
type Body = object | string;

/** The API as one caller asks it. */
export interface Api {
  get(path: string, headers?: HeaderFields): Promise<Answer>;
  delete(path: string): Promise<Answer>;
  put(path: string, body: Body, headers?: HeaderFields): Promise<Answer>;
  post(path: string, body: Body, headers?: HeaderFields): Promise<Answer>;
}

/** Calls under the token of the configuration, or under another; null: under none. */
export function apiOf(app: Pick<TestApp, 'request' | 'adminToken'>, token: string | null = app.adminToken): Api {
  const ask = async (method: string, path: string, init: RequestInit = {}) =>
    read(await app.request(path, { method, token, ...init }));
  const send = (method: string, path: string, body: Body, headers: HeaderFields = {}): Promise<Answer> =>
    typeof body === 'string' || Buffer.isBuffer(body)
      ? ask(method, path, { body: Buffer.from(body), headers })
      : ask(method, path, { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } });
  return {
    get: (path, headers = {}) => ask('GET', path, { headers }),
    delete: (path) => ask('DELETE', path),
    put: (path, body, headers) => send('PUT', path, body, headers),
    post: (path, body, headers) => send('POST', path, body, headers),
  };
}

/** A fresh token, as `POST /v1/tokens` takes its description. */
export async function tokenOf(app: Pick<TestApp, 'request' | 'adminToken'>, token: object): Promise<string> {
  const issued = await apiOf(app).post('/v1/tokens', { name: 'someone', ...token });
  if (issued.status !== 201) throw new Error(`no token was issued: ${issued.text}`);
  return issued.body.token;
}

/** The API as the holder of such a token asks it. */
export async function apiAs(app: Pick<TestApp, 'request' | 'adminToken'>, token: object): Promise<Api> {
  return apiOf(app, await tokenOf(app, token));
}

async function read(response: Response) {
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString();
  const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    text,
    body: isJson ? JSON.parse(text) : text,
  };
}
