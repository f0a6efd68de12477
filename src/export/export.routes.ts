import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { isSha256Digest, type Sha256Digest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { moment, parsePeriod } from '../platform/period.js';
import type { RawOperation } from '../platform/raw-operation.js';
import type { RawRoute } from '../platform/raw-route.js';
import { validateRequest } from '../platform/request-validation.js';
import { watchReader } from '../platform/stalled-reader.js';
import type { ArchiveQuestion, ArchiveService, OpenArchive } from './archive.service.js';

export const EXPORT_ROLES = ['auditor'] as const;

const ARCHIVE_TYPE = 'application/jsonl';
/** A reader that takes nothing for so long is cut off; it may go on later where it stopped. */
const STALLED_MS = 60_000;
/** How much is made ready for a reader in advance, in bytes. */
const READY_BYTES = 256 * 1024;

const exportQuery = z.strictObject({
  digest: z.string().optional().describe('The timeline of this image; without it the whole account'),
  since: moment.optional().describe('Entries made at or after'),
  until: moment.optional().describe('Entries made before'),
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .optional()
    .describe('To go on behind the last entry of an archive that was cut off: its sequence'),
});

export const EXPORT_OPERATION: RawOperation = {
  method: 'GET',
  url: '/v1/export',
  operationId: 'exportArchive',
  summary: 'A period of the account, or what concerns one image, with all it rests on, as one archive',
  tag: 'History',
  roles: EXPORT_ROLES,
  query: exportQuery,
  responses: {
    200: {
      description: 'JSON Lines, from a record `header` to a record `footer`; without the latter it was cut off',
      content: { [ARCHIVE_TYPE]: null },
    },
  },
};

export interface ExportRouteOptions {
  readonly authenticate: (request: FastifyRequest) => Promise<void>;
  readonly archives: ArchiveService;
}

export function exportRoute({ authenticate, archives }: ExportRouteOptions): RawRoute {
  return {
    operation: EXPORT_OPERATION,
    authenticate,
    body: 'none',
    handle: async (request, reply) => {
      const query = await validateRequest(exportQuery, request.query, 'query');
      const question = parseExport(query);
      reply.header('cache-control', 'no-store').header('vary', 'accept-encoding').type(ARCHIVE_TYPE);
      if (request.method === 'HEAD') return reply.send('');
      const archive = streamTo(reply, await archives.write(question, () => authenticate(request)));
      if (!takesGzip(request)) return reply.send(archive);
      return reply.header('content-encoding', 'gzip').send(zipped(archive));
    },
  };
}

function parseExport(query: z.infer<typeof exportQuery>): ArchiveQuestion {
  const { since, until, after = '0' } = query;
  const digest = query.digest === undefined ? null : parseDigest(query.digest);
  if (digest === null && since === undefined && until === undefined) {
    const message = 'name a period by since or until, or an image by digest';
    throw new AppError('malformed', 'request_invalid', message, { errors: [{ path: 'query.since', message }] });
  }
  return { digest, ...parsePeriod({ since, until }), after: Number(after) };
}

function parseDigest(text: string): Sha256Digest {
  if (isSha256Digest(text)) return text;
  throw new AppError('malformed', 'digest_malformed', 'an image digest is sha256: and 64 lower-case hex digits', {
    errors: [{ path: 'query.digest', message: 'must be sha256: and 64 lower-case hex digits' }],
  });
}

/** Whether the client named gzip among the codings it takes (RFC 9110 section 12.5.3). */
function takesGzip({ headers }: FastifyRequest): boolean {
  const codings = [headers['accept-encoding'] ?? ''].flat().join(',').toLowerCase().split(',');
  return codings.some((coding) => /^\s*gzip\s*(?:;\s*q=(?:0\.\d*[1-9]\d*|1(?:\.0*)?)\s*)?$/.test(coding));
}

/** What ends badly on the one side does so on the other. */
function zipped(archive: Readable): Readable {
  const gzip = createGzip();
  archive.once('error', (error) => {
    gzip.destroy(error);
  });
  gzip.once('close', () => {
    archive.destroy();
  });
  return archive.pipe(gzip);
}

function streamTo(reply: FastifyReply, { lines, close, stopping }: OpenArchive): Readable {
  const { raw } = reply;
  const cut = (): void => {
    raw.destroy();
  };
  raw.once('close', () => {
    close();
    stopping.removeEventListener('abort', cut);
  });
  // It may have closed while the archive was being opened.
  if (raw.destroyed) close();
  // An archive may take hours; who reads it goes on behind its last entry.
  stopping.addEventListener('abort', cut);
  return Readable.from(watchReader(lines, STALLED_MS, cut), { objectMode: false, highWaterMark: READY_BYTES });
}
