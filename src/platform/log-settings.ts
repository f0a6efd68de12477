import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SettingsReading } from './signing-settings.js';

/** By what the log is sealed and who witnesses it. */
export interface LogSettings {
  /** Ed25519; null where the one in the data directory is used. */
  readonly privateKey: KeyObject | null;
  /** The name of the log; null where it was not said. */
  readonly origin: string | null;
  /** The name of a log that has none yet, where it was not said. */
  readonly defaultOrigin: string;
  /** The verifier keys of those whose cosignatures are taken, as `name+id+key`. */
  readonly witnesses: readonly string[];
  /** The verifier keys by which the log was sealed earlier, and from which it may go on under another. */
  readonly retired: readonly string[];
}

export const LOG_VARIABLES = [
  'ASSAY_LOG_KEY_FILE',
  'ASSAY_LOG_ORIGIN',
  'ASSAY_LOG_WITNESSES',
  'ASSAY_LOG_RETIRED_VKEYS',
] as const;

/** Where nobody said under which URL the service is reached. */
const UNNAMED_ORIGIN = 'assay.localhost/log';

export const NO_LOG: LogSettings = {
  privateKey: null,
  origin: null,
  defaultOrigin: UNNAMED_ORIGIN,
  witnesses: [],
  retired: [],
};

/** Reads how the log is sealed, and the key file named where this process seals. Faults say what is wrong and never what a file holds. */
export function readLogSettings(
  { given, fault }: Pick<SettingsReading, 'given' | 'fault'>,
  { publicUrl, sealing }: { readonly publicUrl: string | null; readonly sealing: boolean },
): LogSettings {
  const file = sealing ? given('ASSAY_LOG_KEY_FILE') : null;
  return {
    privateKey: file === null ? null : readLogKey(file, fault),
    origin: originOf(given('ASSAY_LOG_ORIGIN'), fault),
    defaultOrigin: publicUrl === null ? UNNAMED_ORIGIN : `${publicUrl.replace(/^https?:\/\//, '')}/log`,
    witnesses: vkeysOf('ASSAY_LOG_WITNESSES', given('ASSAY_LOG_WITNESSES'), fault),
    retired: vkeysOf('ASSAY_LOG_RETIRED_VKEYS', given('ASSAY_LOG_RETIRED_VKEYS'), fault),
  };
}

function readLogKey(file: string, fault: (text: string) => null): KeyObject | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return fault(`ASSAY_LOG_KEY_FILE cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const wanted = 'ASSAY_LOG_KEY_FILE must name an Ed25519 private key in PEM';
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    return fault(`${wanted}, not encrypted; ${file} holds none`);
  }
  return fault(`${wanted}; the key in ${file} is another`);
}

/** A URL without its scheme (C2SP tlog-checkpoint), which also names the key: no white space, no plus sign. */
function originOf(text: string | null, fault: (text: string) => null): string | null {
  if (text === null) return null;
  if (/^[\w.~-]+(?::\d{1,5})?(?:\/[\w.~!$&'()*,;=:@%-]+)*$/.test(text)) return text;
  return fault('ASSAY_LOG_ORIGIN must be a URL without its scheme, such as assay.example.com/log');
}

function vkeysOf(name: string, text: string | null, fault: (text: string) => null): readonly string[] {
  const vkeys = (text?.split(',') ?? []).map((vkey) => vkey.trim());
  const malformed = vkeys.find((vkey) => !/^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2}$/.test(vkey));
  if (malformed !== undefined) fault(`${name} must hold verifier keys, name+id+key, with commas between`);
  return malformed === undefined ? vkeys : [];
}
