/**
 * Digests of texts, by which values are compared that are not kept: SHA-256 (FIPS 180-4), cut to 128 bits. Synchronous, and
 * for any runtime: what runtimes have of their own is either asynchronous or theirs alone.
 */

/** 32 hexadecimal digits. `text` must be well-formed, as what `JSON.stringify` returns is. */
export function digest(text: string): string {
  const size = asciiSize(text);
  encoder ??= new TextEncoder();
  const bytes = size === -1 ? encoder.encode(text) : short;
  const length = size === -1 ? bytes.length : size;
  state.set(START);
  const whole = length & -BLOCK;
  for (let at = 0; at < whole; at += BLOCK) absorb(bytes, at);
  // The rest is closed by a one bit, zeros and the length in bits.
  const left = length - whole;
  const end = left + 9 > BLOCK ? 2 * BLOCK : BLOCK;
  last.fill(0);
  for (let at = 0; at < left; at++) last[at] = bytes[whole + at] as number;
  last[left] = 0x80;
  bits.setUint32(end - 8, Math.floor(length / 2 ** 29));
  bits.setUint32(end - 4, length << 3);
  for (let at = 0; at < end; at += BLOCK) absorb(last, at);
  return hexadecimal();
}

/** Most texts are short and plain: their bytes are their characters, and need no list of their own. -1 for others. */
function asciiSize(text: string): number {
  if (text.length > short.length) return -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) return -1;
    short[at] = code;
  }
  return text.length;
}

/** Bytes that are taken at once. */
const BLOCK = 64;

const START = Int32Array.of(
  ...[0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab],
  0x5be0cd19,
);

const ROUNDS = Int32Array.of(
  ...[0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4],
  ...[0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe],
  ...[0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f],
  ...[0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7],
  ...[0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc],
  ...[0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b],
  ...[0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116],
  ...[0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3],
  ...[0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7],
  0xc67178f2,
);

// One set serves every call: a call is synchronous and calls nobody.
let encoder: InstanceType<typeof TextEncoder> | undefined;
const state = new Int32Array(8);
const words = new Int32Array(64);
const short = new Uint8Array(1024);
const last = new Uint8Array(2 * BLOCK);
const bits = new DataView(last.buffer);
const digits: number[] = new Array(32).fill(0);

/** Mixes one block into the state. */
function absorb(bytes: Uint8Array, from: number): void {
  for (let at = 0, byte = from; at < 16; at++, byte += 4) {
    words[at] =
      ((bytes[byte] as number) << 24) |
      ((bytes[byte + 1] as number) << 16) |
      ((bytes[byte + 2] as number) << 8) |
      (bytes[byte + 3] as number);
  }
  for (let at = 16; at < 64; at++) {
    const early = words[at - 15] as number;
    const late = words[at - 2] as number;
    const spread =
      ((early >>> 7) | (early << 25)) ^ ((early >>> 18) | (early << 14)) ^ (early >>> 3);
    const fold = ((late >>> 17) | (late << 15)) ^ ((late >>> 19) | (late << 13)) ^ (late >>> 10);
    words[at] = ((words[at - 16] as number) + spread + (words[at - 7] as number) + fold) | 0;
  }
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let at = 0; at < 64; at++) {
    const sum = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const choice = (e & f) ^ (~e & g);
    const first = (h + sum + choice + (ROUNDS[at] as number) + (words[at] as number)) | 0;
    const turns = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + turns + majority) | 0;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
  state[5] = (state[5] as number) + f;
  state[6] = (state[6] as number) + g;
  state[7] = (state[7] as number) + h;
}

/** The first half of the state. One call makes one string, which takes a fraction of joining digits. */
function hexadecimal(): string {
  for (let at = 0; at < 32; at++) {
    const four = ((state[at >>> 3] as number) >>> (28 - (at & 7) * 4)) & 15;
    digits[at] = four < 10 ? 0x30 + four : 0x57 + four;
  }
  return String.fromCharCode.apply(null, digits);
}
