/** Numbers of a picture, no longer than the eye can tell them apart. Knows no syntax. */

export function tenth(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export function hundredth(value: number): string {
  return String(Math.round(value * 100) / 100);
}
