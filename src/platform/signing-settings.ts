import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** By what the service signs: a key it holds, or a command that asks whoever holds it. */
export type ConfiguredSigner =
  | { readonly type: 'key'; readonly privateKey: KeyObject }
  | {
      readonly type: 'command';
      /** The program and its arguments, handed over as they stand. */
      readonly words: readonly string[];
      /** What the program sees of the environment: nothing that opens this service or its stores. */
      readonly env: Readonly<Record<string, string | undefined>>;
      readonly publicKey: KeyObject;
    };

export interface SigningSettings {
  /** null where none is configured. */
  readonly signer: ConfiguredSigner | null;
  /** Public keys of this service beside the one it signs by. */
  readonly retired: readonly KeyObject[];
}

/** What reads the settings is given: each variable's value, and where to say what is wrong. */
export interface SettingsReading {
  readonly env: NodeJS.ProcessEnv;
  readonly given: (name: string) => string | null;
  readonly fault: (text: string) => null;
}

export const NO_SIGNING: SigningSettings = { signer: null, retired: [] };

export const SIGNING_VARIABLES = [
  'ASSAY_SIGNING_KEY_FILE',
  'ASSAY_SIGNING_COMMAND',
  'ASSAY_SIGNING_PUBLIC_KEY_FILE',
  'ASSAY_SIGNING_RETIRED_KEY_FILES',
] as const;

/** Reads by what the service signs, and the files named. Faults say what is wrong and never what a file holds. */
export function readSigningSettings(reading: SettingsReading): SigningSettings {
  const { given, fault } = reading;
  const keyFile = given('ASSAY_SIGNING_KEY_FILE');
  const command = given('ASSAY_SIGNING_COMMAND');
  const publicKeyFile = given('ASSAY_SIGNING_PUBLIC_KEY_FILE');
  const retiredFiles = given('ASSAY_SIGNING_RETIRED_KEY_FILES');
  if (keyFile !== null && command !== null) {
    fault('ASSAY_SIGNING_KEY_FILE and ASSAY_SIGNING_COMMAND exclude each other');
  }
  if ((command === null) !== (publicKeyFile === null)) {
    fault('ASSAY_SIGNING_COMMAND and ASSAY_SIGNING_PUBLIC_KEY_FILE need each other');
  }
  const privateKey = keyFile === null ? null : readKey('ASSAY_SIGNING_KEY_FILE', keyFile, 'private', fault);
  const publicKey =
    publicKeyFile === null ? null : readKey('ASSAY_SIGNING_PUBLIC_KEY_FILE', publicKeyFile, 'public', fault);
  const retired = (retiredFiles?.split(',') ?? []).flatMap(
    (file) => readKey('ASSAY_SIGNING_RETIRED_KEY_FILES', file.trim(), 'public', fault) ?? [],
  );
  if (privateKey !== null) return { signer: { type: 'key', privateKey }, retired };
  if (command === null || publicKey === null) return { signer: null, retired };
  const words = command.trim().split(/\s+/);
  return { signer: { type: 'command', words, env: withoutOwn(reading.env), publicKey }, retired };
}

function readKey(
  name: string,
  file: string,
  half: 'private' | 'public',
  fault: (text: string) => null,
): KeyObject | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return fault(`${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const wanted = `${name} must name a P-256 or Ed25519 ${half} key in PEM`;
  // A public key can be made of a private one, but one that need not be on this machine should not be.
  if (half === 'public' && text.includes('PRIVATE KEY')) return fault(`${wanted}; ${file} holds a private key`);
  let key: KeyObject;
  try {
    key = half === 'private' ? createPrivateKey(text) : createPublicKey(text);
  } catch {
    return fault(`${wanted}, not encrypted; ${file} holds none`);
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ed25519' || (type === 'ec' && details?.namedCurve === 'prime256v1')) return key;
  return fault(`${wanted}; the key in ${file} is another`);
}

function withoutOwn(env: NodeJS.ProcessEnv): Readonly<Record<string, string | undefined>> {
  const own = (name: string): boolean => name.startsWith('ASSAY_') || name === 'DATABASE_URL' || name === 'REDIS_URL';
  return Object.fromEntries(Object.entries(env).filter(([name]) => !own(name)));
}
