export type { Authority, TrustRoot } from './sigstore/trust-root.js';
