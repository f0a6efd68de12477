import { makeKey, type DemoKey } from './keys.js';

/** Somebody whose signatures are to count, and for what. */
export interface Attestor {
  readonly name: string;
  readonly kinds: readonly string[];
  readonly members: readonly Member[];
}

export interface Member {
  readonly key: DemoKey;
  /** Whose key it is, where it is a person's. */
  readonly person: string | null;
}

export interface Cast {
  readonly ci: Member;
  readonly trivy: Member;
  readonly qa: Member;
  readonly ada: Member;
  readonly ben: Member;
  readonly attestors: readonly Attestor[];
}

/**
 * Who takes part. Attestors are named `demo-…` so that a run against a service in use touches none of its own; `run` sets
 * the keys of one run apart from those of the last, since the id of a key names it for good.
 */
export function makeCast(run: string): Cast {
  const member = (algorithm: DemoKey['algorithm'], name: string, person: string | null = null): Member => ({
    key: makeKey(algorithm, `${name}-${run}`),
    person,
  });
  const ci = member('ES256', 'ci');
  const trivy = member('EdDSA', 'trivy');
  const qa = member('ES256', 'qa');
  const ada = member('EdDSA', 'ada', 'ada@acme.example');
  const ben = member('ES256', 'ben', 'ben@acme.example');
  const attestors = [
    { name: 'demo-ci', kinds: ['build'], members: [ci] },
    { name: 'demo-trivy', kinds: ['scan'], members: [trivy] },
    { name: 'demo-qa', kinds: ['test'], members: [qa] },
    { name: 'demo-release-managers', kinds: ['approval'], members: [ada, ben] },
  ];
  return { ci, trivy, qa, ada, ben, attestors };
}

/** The attestor as `PUT /v1/attestors/{name}` takes it. */
export function attestorDocument({ kinds, members }: Attestor): object {
  return {
    description: 'of the demo',
    kinds,
    keys: members.map(({ key, person }) => ({
      id: key.keyid,
      algorithm: key.algorithm,
      publicKey: key.publicKey,
      ...(person === null ? {} : { person }),
    })),
  };
}
