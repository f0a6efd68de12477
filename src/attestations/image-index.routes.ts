import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { hotAuthentication } from '../access/access.guard.js';
import type { Authenticator } from '../access/authenticator.js';
import { getCaller } from '../access/request-caller.js';
import { isSha256Digest, sha256 } from '../intoto/digest.js';
import { parseImageIndex, type ImageIndex } from '../intoto/image-index.js';
import { Malformed } from '../intoto/malformed.js';
import { AppError } from '../platform/app-error.js';
import type { RawOperation } from '../platform/raw-operation.js';
import type { RawRoute } from '../platform/raw-route.js';
import { manifestsAnswer, toManifestsAnswer } from './image-index.answer.js';
import type { ImageIndexStore } from './image-index.store.js';

const ROLES = ['attester'] as const;
const LARGEST_INDEX_BYTES = 4 * 1024 * 1024;

export const IMAGE_INDEX_OPERATION: RawOperation = {
  method: 'POST',
  url: '/v1/images/:digest/manifests',
  operationId: 'postImageManifests',
  summary: 'Say of which manifests an index consists, by the bytes of the index itself',
  tag: 'Images',
  roles: ROLES,
  params: { digest: 'The digest of the index: sha256: and 64 lower-case hex digits' },
  body: {
    description: 'An OCI image index or a Docker manifest list, byte for byte, at most 4 MiB',
    content: {
      'application/vnd.oci.image.index.v1+json': z.looseObject({}),
      'application/vnd.docker.distribution.manifest.list.v2+json': z.looseObject({}),
    },
  },
  responses: {
    200: { description: 'It was on record already', content: { 'application/json': manifestsAnswer } },
    201: { description: 'On record', content: { 'application/json': manifestsAnswer } },
  },
};

/** The route by which registries' indexes become known. The body is kept as received: its digest is what it is known by. */
export function imageIndexRoute(options: {
  readonly authenticator: Authenticator;
  readonly indexes: Pick<ImageIndexStore, 'insert' | 'manifestsOf'>;
}): RawRoute {
  return {
    operation: IMAGE_INDEX_OPERATION,
    authenticate: hotAuthentication(options.authenticator, ...ROLES),
    body: 'bytes',
    handle: async (request, reply) =>
      post(options.indexes, request as FastifyRequest<{ Params: { digest: string } }>, reply),
  };
}

async function post(
  indexes: Pick<ImageIndexStore, 'insert' | 'manifestsOf'>,
  request: FastifyRequest<{ Params: { digest: string } }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { digest } = request.params;
  if (!isSha256Digest(digest)) throw new AppError('malformed', 'digest_malformed', 'an index is named by its sha256');
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  if (bytes.length > LARGEST_INDEX_BYTES) {
    throw new AppError('too_large', 'body_too_large', `an index has at most ${LARGEST_INDEX_BYTES} bytes`);
  }
  const found = sha256(bytes);
  if (found !== digest) {
    throw new AppError('malformed', 'manifest_mismatch', `the body hashes to ${found}, not to ${digest}`);
  }
  const isNew = await indexes.insert({ digest, bytes, index: parsed(bytes), actor: getCaller(request).actor });
  const manifests = (await indexes.manifestsOf(digest)) ?? [];
  return reply.code(isNew ? 201 : 200).send(toManifestsAnswer(digest, manifests));
}

function parsed(bytes: Buffer): ImageIndex {
  try {
    return parseImageIndex(bytes);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new AppError('malformed', 'index_malformed', 'the index is malformed', {
      errors: error.faults,
      cause: error,
    });
  }
}
