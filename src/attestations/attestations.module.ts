import { Module } from '@nestjs/common';
import { AttestationStore } from './attestation.store.js';
import { IngestStore } from './ingest.store.js';

@Module({ providers: [AttestationStore, IngestStore], exports: [AttestationStore, IngestStore] })
export class AttestationsModule {}
