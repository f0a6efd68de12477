import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readConfig } from '../../src/platform/config.js';

const PASSWORDS: Readonly<Record<string, string>> = {
  POSTGRES_OWNER_PASSWORD: 'owner-secret',
  POSTGRES_SERVICE_PASSWORD: 'service-secret',
};

function textOf(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

const compose = parse(
  textOf('docker-compose.yml').replaceAll(/\$\{(\w+):\?[^}]*\}/g, (_, name: string) => PASSWORDS[name] ?? ''),
  { merge: true },
);
const dockerfile = textOf('Dockerfile');

const manifestNames = readdirSync(new URL('../../deploy/kubernetes', import.meta.url)).filter(
  (name) => name !== 'kustomization.yaml',
);

const manifests = manifestNames.flatMap((name) =>
  parseAllDocuments(textOf(`deploy/kubernetes/${name}`)).map((document) => document.toJS()),
);
const pods = manifests.filter(({ spec }) => spec?.template?.spec !== undefined);

/** What stands in for a file of a secret that is not here. */
const TOKEN = { ASSAY_ADMIN_TOKEN: 'x'.repeat(64) };

function withToken({
  ASSAY_ADMIN_TOKEN_FILE: file,
  ASSAY_LOG_KEY_FILE: _logKey,
  ...environment
}: Record<string, string>): Record<string, string> {
  return file === undefined ? environment : { ...environment, ...TOKEN };
}

function purposeOf(name: string): { readonly purpose: 'migrate' } | undefined {
  return name === 'migrate' ? { purpose: 'migrate' } : undefined;
}

describe('docker-compose.yml', () => {
  it('keeps the queue from losing keys when memory runs short, and over a restart', () => {
    expect(compose.services.redis.command.join(' ')).toContain('--maxmemory-policy noeviction');
    expect(compose.services.redis.command.join(' ')).toContain('--appendonly yes');
    expect(compose.services.redis.volumes).toEqual(['redis:/data']);
  });

  it('keeps the evidence on a volume where PostgreSQL 18 writes', () => {
    expect(compose.services.postgres.volumes).toContain('postgres:/var/lib/postgresql');
    expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(['postgres', 'redis']));
  });

  it.each(['migrate', 'api', 'worker'])('gives %s an environment that the service accepts', (name) => {
    const config = readConfig(withToken(compose.services[name].environment), purposeOf(name));
    expect(config.redisUrl).toBe('redis://redis:6379');
    expect(config.database?.url).toContain('assay_app:service-secret@');
  });

  it('lets only the migrations work as the owner of the database', () => {
    const owners = Object.keys(compose.services).filter((name) =>
      JSON.stringify(compose.services[name]).includes('owner-secret'),
    );
    expect(owners.sort()).toEqual(['migrate', 'postgres']);
  });

  it('hands the admin token over as a file, to the API alone', () => {
    expect(compose.services.api.environment.ASSAY_ADMIN_TOKEN_FILE).toBe('/run/secrets/admin-token');
    expect(compose.services.api.secrets).toEqual(['admin-token']);
    expect(textOf('docker-compose.yml')).not.toMatch(/ASSAY_ADMIN_TOKEN:/);
    expect(compose.services.worker.secrets).not.toContain('admin-token');
  });

  it('hands the key of the log over as a file, to the workers alone, who seal by it', () => {
    expect(compose.services.worker.environment.ASSAY_LOG_KEY_FILE).toBe('/run/secrets/log-key');
    expect(compose.services.worker.secrets).toEqual(['log-key']);
    const [worker] = pods.find(({ metadata }) => metadata.name === 'assay-worker').spec.template.spec.containers;
    expect(worker.env).toContainEqual({ name: 'ASSAY_LOG_KEY_FILE', value: '/run/secrets/assay/log-key.pem' });
  });

  it('starts API and workers only on a migrated schema', () => {
    for (const name of ['api', 'worker']) {
      expect(compose.services[name].depends_on.migrate.condition).toBe('service_completed_successfully');
    }
    expect(compose.services.migrate.depends_on.postgres.condition).toBe('service_healthy');
    expect(compose.services.postgres.healthcheck.test).toContain('pg_isready');
  });

  it('is reached on this machine only, and by no way but the API', () => {
    const published = Object.keys(compose.services).filter((name) => compose.services[name].ports !== undefined);
    expect(published).toEqual(['api']);
    expect(compose.services.api.ports).toEqual(['127.0.0.1:8080:8080']);
    expect(compose.networks.data.internal).toBe(true);
  });

  it('lets workers be scaled', () => {
    expect(compose.services.worker.container_name).toBeUndefined();
    expect(compose.services.worker.deploy.replicas).toBeGreaterThan(1);
  });
});

describe('deploy/kubernetes', () => {
  it('names every manifest in the kustomization', () => {
    const { resources } = parse(textOf('deploy/kubernetes/kustomization.yaml'));
    expect([...resources].sort()).toEqual([...manifestNames].sort());
  });

  it('runs a migration, and more than one of API and worker', () => {
    const replicas = pods.map(({ kind, metadata, spec }) => [kind, metadata.name, spec.replicas]);
    expect(replicas).toEqual(
      expect.arrayContaining([
        ['Job', 'assay-migrate', undefined],
        ['Deployment', 'assay-api', 2],
        ['Deployment', 'assay-worker', 2],
      ]),
    );
  });

  it.each(pods.map((pod) => [pod.metadata.name, pod] as const))(
    'gives %s an environment that the service accepts, with every secret by reference',
    (_name, pod) => {
      const [container] = pod.spec.template.spec.containers;
      const environment: Record<string, string> = {};
      for (const { name, value, valueFrom } of container.env) {
        if (/URL$/.test(name)) expect(valueFrom.secretKeyRef.name).toBe('assay');
        environment[name] = value ?? (name === 'REDIS_URL' ? 'redis://redis' : 'postgres://assay_app@postgres/assay');
      }
      expect(readConfig(withToken(environment), purposeOf(container.name)).redisUrl).toBe('redis://redis');
    },
  );

  it.each(pods.map((pod) => [pod.metadata.name, pod.spec.template.spec] as const))(
    'runs %s without root, on a file system it cannot write',
    (_name, spec) => {
      expect(spec.securityContext.runAsNonRoot).toBe(true);
      expect(spec.automountServiceAccountToken).toBe(false);
      for (const { securityContext } of spec.containers) {
        expect(securityContext).toMatchObject({
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        });
      }
    },
  );

  it('selects by labels that the pods carry', () => {
    const services = manifests.filter(({ kind }) => kind === 'Service');
    expect(services).toHaveLength(1);
    for (const { spec } of services) {
      const selected = pods.filter((pod) =>
        Object.entries(spec.selector).every(([name, value]) => pod.spec.template.metadata.labels[name] === value),
      );
      expect(selected.map(({ metadata }) => metadata.name)).toEqual(['assay-api']);
    }
  });
});

describe('Dockerfile', () => {
  it('runs what is built, as nobody in particular', () => {
    expect(dockerfile).toMatch(/^USER 1000:1000$/m);
    expect(dockerfile).toMatch(/^HEALTHCHECK .*\n.*\/healthz/m);
    expect(dockerfile).toMatch(/^CMD \["node", "dist\/src\/main\.js"\]$/m);
  });

  it('is given every file that the build reads', () => {
    const admitted = textOf('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    for (const name of ['package.json', 'package-lock.json', '.swcrc', 'src', 'migrations', 'bin']) {
      expect(admitted).toContain(name);
    }
  });
});
