import { fastify } from 'fastify';
import pg from 'pg';

/*
 * The floors: what the same requests cost when they do nothing, or one bare statement each. Run as a process of its own,
 * so that it has a CPU of its own just as the service has.
 */
const [port, databaseUrl] = process.argv.slice(2);
if (port === undefined || databaseUrl === undefined) throw new Error('usage: floor-server PORT DATABASE_URL');

const pool = new pg.Pool({ connectionString: databaseUrl, max: 16 });
const app = fastify({ bodyLimit: 64 * 1024 * 1024 });
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
  done(null, body);
});

let answer = Buffer.from('{}');
app.put('/answer', (request, reply) => {
  answer = request.body as Buffer<ArrayBuffer>;
  return reply.code(204).send();
});

app.get('/constant', (_request, reply) => reply.type('application/json; charset=utf-8').send(answer));

app.get<{ Params: { digest: string } }>('/one-read/:digest', async (request, reply) => {
  await pool.query({
    name: 'floor-read',
    text: 'select revision, examined from images where subject = $1',
    values: [request.params.digest],
  });
  return reply.type('application/json; charset=utf-8').send(answer);
});

app.post('/nothing', (_request, reply) => reply.code(201).type('application/json; charset=utf-8').send(answer));

let inserted = 0;
app.post('/one-insert', async (request, reply) => {
  inserted += 1;
  await pool.query({
    name: 'floor-insert',
    text: 'insert into bench_floor (id, body) values ($1, $2)',
    values: [`${process.pid}-${inserted}`, request.body],
  });
  return reply.code(201).type('application/json; charset=utf-8').send(answer);
});

await app.listen({ port: Number(port), host: '127.0.0.1' });
process.once('SIGTERM', () => {
  void app.close().then(() => pool.end());
});
