import { describe, expect, it } from 'vitest';
import type { CertificateIdentity } from '../intoto/proved-signer.js';
import type { IdentityPattern } from './attestor.js';
import { certified, identityWith, WORKFLOW } from './trust.fixture.js';
import { callerFault } from './workflow-caller.js';

const OWN = 'https://github.com/acme/app';
const OTHER = 'https://github.com/evil/app';

function fault(
  claims: CertificateIdentity['claims'],
  pattern: IdentityPattern['claims'] = {},
  subject = WORKFLOW,
): string | null {
  return callerFault(identityWith({ claims: pattern }), certified({ subjects: [subject], claims }), subject);
}

describe('a workflow that ran for its own repository', () => {
  it('says for whom it signed', () => {
    expect(fault({ sourceRepositoryUri: OWN })).toBeNull();
    expect(fault({ githubWorkflowRepository: 'acme/app' })).toBeNull();
  });

  it('says so in the repository that is called .github', () => {
    const subject = 'https://github.com/acme/.github/.github/workflows/release.yml@refs/tags/v1';
    expect(fault({ sourceRepositoryUri: 'https://github.com/acme/.github' }, {}, subject)).toBeNull();
    expect(fault({ sourceRepositoryUri: 'https://github.com/acme' }, {}, subject)).not.toBeNull();
  });

  it('says so on GitLab, however deep its group', () => {
    const subject = 'https://gitlab.com/acme/team/app//.gitlab-ci.yml@refs/heads/main';
    expect(fault({ sourceRepositoryUri: 'https://gitlab.com/acme/team/app' }, {}, subject)).toBeNull();
    expect(fault({ sourceRepositoryUri: 'https://gitlab.com/acme/team' }, {}, subject)).not.toBeNull();
  });
});

describe('a reusable workflow', () => {
  it('counts for nobody where the identity does not say for whom, and that is said', () => {
    expect(fault({ sourceRepositoryUri: OTHER })).toBe(
      `the workflow of "${OWN}" ran for "${OTHER}"; ` +
        'an identity for a reusable workflow must pin the claim sourceRepositoryUri or sourceRepositoryOwnerUri',
    );
    expect(fault({ githubWorkflowRepository: 'evil/app' })).toContain('ran for "https://github.com/evil/app"');
  });

  it.each([`${OWN}/`, `${OWN}x`, OWN.toUpperCase(), `${OWN}.git`, OWN.replace('https', 'http'), ''])(
    'is one for a caller that only looks like its own repository: %j',
    (sourceRepositoryUri) => {
      expect(fault({ sourceRepositoryUri })).not.toBeNull();
    },
  );

  it('goes by the claim that says more where two are there', () => {
    expect(fault({ sourceRepositoryUri: OTHER, githubWorkflowRepository: 'acme/app' })).not.toBeNull();
  });

  it('counts where the identity pins the caller or its owner', () => {
    const ran = { sourceRepositoryUri: OTHER, sourceRepositoryOwnerUri: 'https://github.com/evil' };
    expect(fault(ran, { sourceRepositoryUri: OTHER })).toBeNull();
    expect(fault(ran, { sourceRepositoryUri: 'https://github.com/evil/*' })).toBeNull();
    expect(fault(ran, { sourceRepositoryOwnerUri: 'https://github.com/evil' })).toBeNull();
  });

  it.each(['**', '*', 'https://github.com/*', 'https://github.com/**', 'https://github.com/ev*', 'https://*/evil/app'])(
    'is not pinned by %s',
    (glob) => {
      expect(fault({ sourceRepositoryUri: OTHER }, { sourceRepositoryUri: glob })).not.toBeNull();
    },
  );

  it('is not pinned by another claim', () => {
    expect(fault({ sourceRepositoryUri: OTHER, buildTrigger: 'push' }, { buildTrigger: 'push' })).not.toBeNull();
  });

  it('counts for nobody where the certificate does not say for whom it ran', () => {
    expect(fault({})).toBe(
      'the certificate does not say for which repository the workflow of "https://github.com/acme/app" ran',
    );
  });
});

describe('what is no workflow', () => {
  it.each([
    'mira@example.com',
    'https://buildkite.com/acme/app',
    'build.example.com',
    'spiffe://acme.example/ns/build',
  ])('has no caller: %s', (subject) => {
    expect(fault({ sourceRepositoryUri: OTHER }, {}, subject)).toBeNull();
    expect(fault({}, {}, subject)).toBeNull();
  });
});
