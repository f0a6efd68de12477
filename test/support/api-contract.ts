import { Ajv } from 'ajv';
import { parse } from 'yaml';
import type { Answer } from './api.js';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

interface Documented {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
}

interface Operation {
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, Documented>>;
}

/** The API as its own description tells it. */
export class ApiContract {
  private readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  private readonly ajv = new Ajv({ strict: false, validateFormats: false });

  constructor(yaml: string) {
    const document = parse(yaml);
    this.paths = document.paths;
    this.ajv.addSchema({ $id: 'api', components: document.components });
  }

  /** Every operation, as `GET /v1/images/{digest}`. */
  get operations(): readonly string[] {
    return Object.entries(this.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => method in item).map((method) => `${method.toUpperCase()} ${path}`),
    );
  }

  isPublic(operation: string): boolean {
    return this.operation(operation).security?.length === 0;
  }

  /** What is wrong with an answer to the operation; null where the description foretells it. */
  faultOf(operation: string, answer: Answer): string | null {
    const { responses } = this.operation(operation);
    const documented = responses[String(answer.status)] ?? (answer.status >= 400 ? responses.default : undefined);
    if (documented === undefined) return `status ${answer.status} is not described`;
    const type = (answer.headers.get('content-type') ?? '').replace(/\s*;.*$/, '');
    if (documented.content === undefined) return answer.text === '' ? null : 'an answer without a body has one';
    const content = documented.content[type];
    if (content === undefined) return `content of type ${type} is not described for status ${answer.status}`;
    if (content.schema === undefined) return null;
    const { schema } = JSON.parse(JSON.stringify(content).replaceAll('"#/components/', '"api#/components/'));
    return this.ajv.validate(schema, answer.body) ? null : this.ajv.errorsText();
  }

  private operation(name: string): Operation {
    const [method = '', path = ''] = name.split(' ');
    const found = this.paths[path]?.[method.toLowerCase()];
    if (found === undefined) throw new Error(`${name} is not described`);
    return found;
  }
}
