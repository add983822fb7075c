export { type FewPairs, fewPairs, OTHER, type PairLimits, type TakenPairs } from "./few-pairs.ts";
