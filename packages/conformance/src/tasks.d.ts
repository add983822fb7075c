import type { TaskContext } from "@astrum/core";

export function sum(inputs: { readonly left: number; readonly right: number }): Promise<number>;
export function two(): number;
export function scaled(item: number, index: number): number;
export function breaks(): Promise<never>;
export function final(): never;
export function finalAndUntidy(inputs: unknown, context: TaskContext): Promise<never>;
export function secondTry(inputs: unknown, context: TaskContext): Promise<number>;
export function tells(inputs: unknown, context: TaskContext): Promise<string>;
export function endless(inputs: unknown, context: TaskContext): Promise<never>;
export function skips(inputs: unknown, context: TaskContext): Promise<never>;
export function skipsInSecret(inputs: unknown, context: TaskContext): Promise<string>;
export function skipsInVain(inputs: unknown, context: TaskContext): Promise<never>;
export function speaks(inputs: unknown, context: TaskContext): Promise<void>;
export function speaksAndBreaks(inputs: unknown, context: TaskContext): Promise<never>;
export function spends(inputs: unknown, context: TaskContext): Promise<void>;
export function asksForTime(inputs: unknown, context: TaskContext): Promise<number | string>;
