import type { Component, SbomFact, Timestamp } from './fact.js';
import type { Reading } from './predicate-field.js';

/** The SBOM fact of what a document lists, in its order. */
export function sbomReading(
  format: SbomFact['format'],
  specVersion: string,
  components: readonly Component[],
  createdAt: Timestamp | null,
): Reading {
  const counts = {
    components: components.length,
    withoutPurl: components.filter(({ purl }) => purl === null).length,
    withoutLicence: components.filter(({ licences }) => licences.length === 0).length,
  };
  return { content: { kind: 'sbom', format, specVersion, components, counts }, ownTime: createdAt };
}
