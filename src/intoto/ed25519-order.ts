const P = 2n ** 255n - 19n;

/**
 * The y coordinates of the eight points of small order on edwards25519 (RFC 7748, 4.1). The two of order eight are
 * the roots of d·y⁴ + 2·y² - 1, which is where doubling reaches a point of order four.
 */
const ORDER_EIGHT_Y = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([0n, 1n, P - 1n, ORDER_EIGHT_Y, P - ORDER_EIGHT_Y]);

/**
 * Whether an Ed25519 public key (32 bytes, RFC 8032, 5.1.2) is one for which anybody can make signatures, because its
 * point has small order, or is written in a form that names the same point a second time. Releases of OpenSSL and Node
 * differ in whether they accept such signatures.
 */
export function isWeakEd25519Key(publicKey: Uint8Array): boolean {
  const littleEndian = Buffer.from(publicKey).reverse();
  const y = BigInt(`0x${littleEndian.toString('hex')}`) & (2n ** 255n - 1n);
  return y >= P || SMALL_ORDER_Y.has(y);
}
