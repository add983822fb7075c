/** Whether a value only stands where a secret would: documentation, templates, defaults. Knows no kind of secret. */

/** Words that people write into a value to say that it is none. */
const words =
  /example|sample|dummy|fake|place_?holder|change_?me|replace|redacted|your[_-]|my[_-]?(secret|token|key|pass)|insert|xxxx|\*\*\*|\.\.\.|…|not[_-]?a|invalid|foobar|lorem|some[_-]?(secret|token|key)|test|mock|todo/i;

/** Filled in later: `${TOKEN}`, `{{token}}`, `<token>`, `%TOKEN%`, `$TOKEN`. */
const template = /\$\{|\{\{|^<.*>$|%[A-Z_]+%|^\$[A-Za-z_]|^\{.*\}$/;

/** So many characters of the value that go up by one, down by one or stay the same: `1234`, `abcd`, `0000`. */
const longestRun = 5;

export function isPlaceholder(value: string): boolean {
  return words.test(value) || template.test(value) || longestSequence(value) >= longestRun;
}

function longestSequence(value: string): number {
  let longest = 1;
  let length = 1;
  let step: number | undefined;
  for (let i = 1; i < value.length; i++) {
    const difference = value.charCodeAt(i) - value.charCodeAt(i - 1);
    if (Math.abs(difference) > 1) {
      length = 1;
      step = undefined;
    } else if (step === undefined || difference === step) {
      length++;
      step = difference;
    } else {
      length = 2;
      step = difference;
    }
    longest = Math.max(longest, length);
  }
  return longest;
}
