/** Identifiers that sort by time: 48 bits of milliseconds, 80 random bits, 26 letters and digits. */

/** Crockford's base 32: no I, L, O, U, so that nobody misreads one. */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The ULID of a moment; `randomBytes10` must have at least 10 bytes, missing ones count as 0. */
export function ulid(nowMs: number, randomBytes10: Uint8Array): string {
  let text = '';
  for (let rest = Math.floor(nowMs), i = 0; i < 10; i++) {
    text = `${DIGITS[rest % 32] ?? '0'}${text}`;
    rest = Math.floor(rest / 32);
  }
  let bits = 0;
  let held = 0;
  for (let i = 0; i < 10; i++) {
    bits = ((bits << 8) | (randomBytes10[i] ?? 0)) & 0xfff;
    for (held += 8; held >= 5; held -= 5) text += DIGITS[(bits >> (held - 5)) & 31] ?? '0';
  }
  return text;
}
