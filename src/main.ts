/**
 * Starts the service and ends it on a signal. Everything else is imported only once it is known that this Node can run it:
 * an older one would fail on the first import, with a message that helps nobody.
 */
const OLDEST_NODE = 24;

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  process.stderr.write(
    `Assay needs Node ${OLDEST_NODE} or newer; this is ${process.version}. \`npm ci\` brings one along: start the service by ` +
      '`npm start`, which finds it, or by `node_modules/.bin/node dist/src/main.js`.\n',
  );
  process.exitCode = 1;
} else {
  const { run } = await import('./run.js');
  await run();
}
