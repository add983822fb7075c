/** What a public function is told, checked where it enters. Table of contents. */

export { checkOptions, OptionCheck, type Rule, type Rules } from "./check.ts";
export { nearest } from "./guess.ts";
export {
  amount,
  callable,
  fits,
  flag,
  integer,
  oneOf,
  record,
  required,
  text,
} from "./rules.ts";
export { told } from "./told.ts";
