// The table of docs/architecture.md, as rules. A room may import itself and what its row names.
const rooms = {
  platform: [],
  intoto: [],
  history: ['intoto', 'platform'],
  access: ['history', 'platform'],
  images: ['intoto', 'platform'],
  trust: ['access', 'history', 'intoto', 'platform'],
  attestations: ['images', 'access', 'history', 'intoto', 'platform'],
  facts: ['images', 'trust', 'intoto', 'platform'],
  verification: ['attestations', 'facts', 'images', 'trust', 'history', 'intoto', 'platform'],
  policy: ['facts', 'images', 'trust', 'access', 'history', 'intoto', 'platform'],
  'policy-test': ['policy', 'facts', 'trust', 'images', 'intoto', 'platform'],
  gates: ['policy', 'attestations', 'access', 'intoto', 'platform'],
  export: ['policy', 'history', 'intoto', 'platform'],
  retention: ['policy', 'verification', 'attestations', 'facts', 'trust', 'access', 'history', 'intoto', 'platform'],
  watch: ['policy', 'facts', 'access', 'history', 'platform'],
  cli: ['intoto'],
  audit: ['fsck', 'export', 'verification', 'policy', 'trust', 'history', 'intoto'],
};

const roomRules = Object.entries(rooms).map(([room, allowed]) => ({
  name: `room-${room}`,
  severity: 'error',
  comment: `${room} may import: ${allowed.join(', ') || 'nothing in src'}`,
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: `^src/(${[room, ...allowed].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...roomRules,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'entities-stay-in-their-store',
      severity: 'error',
      from: { path: '^src/', pathNot: ['\\.store\\.ts$', '^src/data-source\\.ts$', '\\.entity\\.ts$'] },
      to: { path: '\\.entity\\.ts$' },
    },
    {
      name: 'entities-stay-in-their-room',
      severity: 'error',
      from: { path: '^src/([^/]+)/.*\\.store\\.ts$' },
      to: { path: '^src/[^/]+/.*\\.entity\\.ts$', pathNot: '^src/$1/' },
    },
    {
      name: 'no-framework-in-intoto',
      severity: 'error',
      from: { path: '^src/intoto/' },
      to: { path: 'node_modules/(@nestjs|typeorm|bullmq|fastify|pg|ioredis)' },
    },
    {
      name: 'no-framework-in-pure-files',
      severity: 'error',
      from: {
        path: '^src/(facts|trust|policy|images|history|attestations|verification|access|export|retention)/',
        pathNot:
          '\\.(controller|service|store|entity|module|processor|sweeper|sequencer|guard|decorator|filter|routes|dto)\\.ts$',
      },
      to: { path: 'node_modules/(@nestjs|typeorm|bullmq|fastify|pg|ioredis)/' },
    },
    {
      name: 'src-never-imports-tests',
      severity: 'error',
      // Specs stand beside what they test, and share with other tests what signs and issues for them.
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(test|bench)/' },
    },
    { name: 'no-orphans-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
