import type { Obstacle } from "../wire.ts";

export declare function findObstacle(
  value: unknown,
  root: string,
  transferred?: readonly unknown[],
): Obstacle | undefined;
export declare function canClone(part: unknown): boolean;
export declare function isDetached(part: object): boolean;
